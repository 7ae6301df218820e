//! Tests of curvature operators and what is computed with them.
#![cfg(test)]

mod cg;
mod density;
mod fitted_images;
mod inverse;
mod kfac;
mod lanczos;
mod matrices;
mod operators;
mod single_precision;
mod threads;
mod trace;
