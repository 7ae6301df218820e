//! Tests of configurations.
#![cfg(test)]

mod data_identity;
mod preset_round_trip;
mod registry;
mod training_options;
