//! Tests of the checker.

#![cfg(test)]

mod files;
mod mutations;
mod operations;
mod paper;
mod parts;
mod random;
mod rounding;
mod search;
