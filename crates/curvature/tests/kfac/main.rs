//! Kronecker-factored curvature compared with dense matrices that are assembled entry by entry.

#![allow(clippy::unwrap_used)]

mod convolutional;
mod dense;
mod groups;
mod token_wise;
