//! Tests of studies.
#![cfg(test)]

mod committed;
mod landscape_and_logit_scale;
mod precision;
mod studies;
mod sweeps;
