//! Tests of optimizers.
#![cfg(test)]

mod emulated_arithmetic;
mod far_labels;
mod kronecker;
mod losses;
mod modern_networks;
mod muon;
mod options;
mod resume;
mod sam;
mod second_order;
mod training_steps;
mod unsolvable;
mod weight_decay;
