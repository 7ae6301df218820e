//! Tests of configurations.
#![cfg(test)]

mod data_identity;
mod held_out;
mod preset_round_trip;
mod registry;
mod training_options;
