//! Tests of metrics.
#![cfg(test)]

mod curvature_spectrum;
mod loss_landscape;
mod measures_of_a_linear_network;
mod other_losses;
mod scaled_logits;
mod sharpness_is_a_loss_increase;
mod statistics_coverage;
