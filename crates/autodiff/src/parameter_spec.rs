//! A network's named parameters.

use std::ops::Range;

/// What an array of parameters does in its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Weights that multiply the layer's inputs. They are drawn at random at first.
    Kernel,
    /// Numbers that are added to the layer's outputs. They are zero at first.
    Bias,
}

impl Role {
    /// The last part of a parameter's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kernel => "kernel",
            Self::Bias => "bias",
        }
    }

    /// Whether parameters of this role are added to the output, and so multiply no input.
    pub(crate) fn is_added(self) -> bool {
        match self {
            Self::Kernel => false,
            Self::Bias => true,
        }
    }
}

/// One named array among a network's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSpec {
    /// The layer it belongs to, such as `Conv_0`.
    pub module: String,
    /// `{module}.bias` or `{module}.kernel`.
    pub name: String,
    /// What it does in its layer.
    pub role: Role,
    /// Its shape: kernels `(height, width, in, out)` or `(in, out)`, biases `(out)`.
    pub shape: Vec<usize>,
    /// Its range in the flat vector, row-major.
    pub range: Range<usize>,
    /// Inputs that one output of the layer reads; 0 for a bias.
    pub fan_in: usize,
}
