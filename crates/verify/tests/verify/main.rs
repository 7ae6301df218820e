//! Tests of bounds and verdicts.

#![cfg(test)]

mod bad_input;
mod deep_rounding;
mod dense_reference;
mod enumeration;
mod proofs;
mod random_networks;
mod threads;
