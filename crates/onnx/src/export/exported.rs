//! A layer to be written.

use minima_autodiff::Layer;

/// A layer with its parameters, and the name and the shape of its output.
pub(super) struct Exported<'a> {
    pub layer: &'a Layer,
    pub params: &'a [f32],
    pub module: &'a str,
    pub shape: &'a [usize],
}
