//! Tests of the checker.

#![cfg(test)]

mod search;
mod paper;
