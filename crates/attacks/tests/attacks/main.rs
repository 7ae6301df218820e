//! Tests of attacks.
#![cfg(test)]

mod awkward_models;
mod bad_input;
mod closed_form;
mod confident;
mod fgsm;
mod golden_attacks;
mod golden_square_fab;
mod invariance;
mod l2_ball;
mod masking;
mod minimal_distance;
mod nearest_image;
mod networks;
mod own_loss;
mod paper;
mod published_deep_fool;
mod random_search;
mod transfer;
