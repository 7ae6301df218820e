//! Tests of bounds and verdicts.

#![cfg(test)]

mod attacks;
mod bad_input;
mod conjunctions;
mod crown_ibp;
mod deep_rounding;
mod dense_reference;
mod enumeration;
mod hard_cases;
mod interval_network;
mod proofs;
mod published_bounds;
mod random_networks;
mod smooth_hard_cases;
mod smooth_networks;
mod threads;
mod worst_logits;
