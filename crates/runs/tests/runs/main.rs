//! Tests of runs.
#![cfg(test)]

mod checkpoint;
mod device_curvature;
mod device_training;
mod first_order;
mod interval_training;
mod registered;
mod run_store;
mod torch_layout;
mod training_options;
mod validation;
