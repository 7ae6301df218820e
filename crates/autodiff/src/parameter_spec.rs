//! A network's named parameters.

use std::ops::Range;

/// What an array of parameters does in its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Weights that multiply the layer's inputs.
    Kernel,
    /// Numbers that are added to a weighted sum.
    Bias,
    /// Factors of normalised values.
    Scale,
    /// Numbers that are added to normalised and scaled values.
    Shift,
    /// Numbers that are values of the network themselves, such as a class token or the embeddings of positions.
    Embedding,
}

impl Role {
    /// The last part of a parameter's name in Flax, or `None` for an embedding, whose name is its module's.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Kernel => Some("kernel"),
            Self::Bias | Self::Shift => Some("bias"),
            Self::Scale => Some("scale"),
            Self::Embedding => None,
        }
    }

    /// Whether parameters of this role are added to the output, and so multiply no input.
    pub(crate) fn is_added(self) -> bool {
        match self {
            Self::Kernel | Self::Scale => false,
            Self::Bias | Self::Shift | Self::Embedding => true,
        }
    }

    /// Whether weight decay applies to parameters of this role: it applies to kernels and embeddings.
    #[must_use]
    pub fn is_decayed(self) -> bool {
        match self {
            Self::Kernel | Self::Embedding => true,
            Self::Bias | Self::Scale | Self::Shift => false,
        }
    }
}

/// How the initial numbers of an array are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Initializer {
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
    /// Normal numbers truncated at two standard deviations, of variance `1 / fan_in` (LeCun, Bottou, Orr & Müller,
    /// "Efficient BackProp", 1998).
    LecunNormal,
    /// Normal numbers.
    Normal {
        /// Their standard deviation.
        deviation: f32,
    },
}

/// One named array among a network's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterSpec {
    /// The layer it belongs to, such as `Conv_0`, or `block.attention.query` for a layer within modules. An embedding
    /// belongs to the module that contains it, which is empty for the network itself.
    pub module: String,
    /// `{module}.bias`, `{module}.kernel` or `{module}.scale`, or an embedding's own name.
    pub name: String,
    /// What it does in its layer.
    pub role: Role,
    /// Its shape: kernels `(height, width, in, out)` or `(in, out)`, biases `(out)`.
    pub shape: Vec<usize>,
    /// Its range in the flat vector, row-major.
    pub range: Range<usize>,
    /// The inputs that one output of the layer reads through a kernel; 0 for other roles.
    pub fan_in: usize,
    /// Its initial numbers.
    pub initializer: Initializer,
    /// Its number among the arrays that the module draws, from 1: Flax's counter of the module's random numbers.
    pub draw: u32,
}

impl ParameterSpec {
    /// A kernel as a row-major matrix `(fan_in, outputs)`: one column for each filter, the weights of one output
    /// channel or unit. `None` for other roles.
    #[must_use]
    pub fn filters(&self) -> Option<[usize; 2]> {
        (self.role == Role::Kernel).then(|| [self.fan_in, self.range.len() / self.fan_in.max(1)])
    }
}
