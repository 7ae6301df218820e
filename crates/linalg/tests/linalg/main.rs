//! Tests of dense linear algebra.
#![cfg(test)]

mod cholesky;
mod eigenvalues;
mod lu;
mod matrices;
mod products;
mod same_bits;
