//! Kronecker-factored curvature compared with dense matrices that are assembled entry by entry.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail so")]

mod convolutional;
mod dense;
mod groups;
mod token_wise;
