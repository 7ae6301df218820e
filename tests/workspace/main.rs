//! Tests that cross crates, and golden values.
#![cfg(test)]

#[cfg(feature = "results")]
mod certificates;
mod curvature_golden;
mod curvature_spectrum;
mod determinism;
mod first_batch;
mod gauss_newton_cg;
mod gauss_newton_dense;
#[cfg(feature = "results")]
mod hostile;
mod modern_networks;
mod properties;
mod threads;
