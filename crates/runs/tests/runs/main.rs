//! Tests of runs.
#![cfg(test)]

mod device_training;
mod run_store;
mod trained_on;
