//! Buffers that operations share.

use super::Handed;
use crate::lane::Lane;

/// Buffers that operations share and reuse.
#[derive(Debug)]
pub(crate) struct Scratch<T> {
    /// Rows of a padded feature map, or all of it.
    pub rows: Vec<Lane<T>>,
    /// Rearranged weights.
    pub weights: Vec<T>,
    /// Weights in panels of a few output channels.
    pub panels: Vec<T>,
    /// Per-sample gradients of one operation's parameters.
    pub gradients: Vec<Lane<T>>,
    /// Values or cotangents with channels in the lanes instead of samples.
    pub transposed: Vec<Lane<T>>,
    /// Sums of a gradient with channels in the lanes.
    pub sums: Vec<Lane<T>>,
    /// Transformed kernels.
    pub kernels: Vec<Lane<T>>,
    /// Transformed inputs of some tiles.
    pub tiles: Vec<Lane<T>>,
    /// Transformed outputs of some tiles.
    pub products: Vec<Lane<T>>,
    /// One group's channels.
    pub channels: Vec<Lane<T>>,
    /// The entries that multiply one entry of a kernel.
    pub shifted: Vec<Lane<T>>,
    /// Sums from an operation's parameter gradient to its input's cotangent.
    pub handed: Handed<T>,
}

impl<T> Default for Scratch<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            weights: Vec::new(),
            panels: Vec::new(),
            gradients: Vec::new(),
            transposed: Vec::new(),
            sums: Vec::new(),
            kernels: Vec::new(),
            tiles: Vec::new(),
            products: Vec::new(),
            channels: Vec::new(),
            shifted: Vec::new(),
            handed: Handed::default(),
        }
    }
}
