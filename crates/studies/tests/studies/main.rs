//! Tests of studies.
#![cfg(test)]

mod landscape_and_logit_scale;
mod precision;
mod studies;
mod sweeps;
