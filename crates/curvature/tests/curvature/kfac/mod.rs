//! Kronecker-factored curvature compared with dense matrices that are assembled entry by entry.

mod convolutional;
mod dense;
mod groups;
mod token_wise;
