//! The description of a normalisation.

/// A layer, group or root-mean-square normalisation to be added to a graph. The default is Flax's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormSpec {
    /// The number that is added to the variance.
    pub epsilon: f64,
    /// Whether each channel has a scale.
    pub scale: bool,
    /// Whether each channel has a shift.
    pub shift: bool,
}

impl Default for NormSpec {
    fn default() -> Self {
        Self { epsilon: 1e-6, scale: true, shift: true }
    }
}
