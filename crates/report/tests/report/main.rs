//! Tests of reports.
#![cfg(test)]

mod comparison;
mod own_optimizers;
mod parts;
