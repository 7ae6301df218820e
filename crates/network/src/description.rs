//! What a description says, with its expressions.

use crate::expression::Expression;
use crate::layer::Layer;
use crate::template::Template;
use std::collections::BTreeMap;

/// A value with its line in the text, from 1. Equal values on different lines are equal.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub line: usize,
    pub value: T,
}

impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

/// A network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Description {
    /// The name of the network.
    pub name: Option<String>,
    /// Shape of one input.
    pub input: At<Vec<usize>>,
    /// The number of logits.
    pub classes: At<usize>,
    /// The normalisation of pixels.
    pub normalize: Option<At<Normalization>>,
    /// Numbers that expressions use.
    pub options: BTreeMap<String, i64>,
    /// The layers in order.
    pub layers: Vec<At<Element>>,
}

/// Channels become `(x - mean) / deviation`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Normalization {
    pub mean: Vec<f64>,
    pub deviation: Vec<f64>,
}

/// A layer or a group of layers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Element {
    /// A layer.
    Layer(Box<Layer>),
    /// Layers several times in succession.
    Repeat {
        /// How often.
        count: Expression,
        /// The name of the index.
        index: Option<String>,
        /// The first index.
        first: Expression,
        layers: Vec<At<Self>>,
    },
    /// The sum of two branches.
    Residual {
        residual: Vec<At<Self>>,
        /// The other branch: the input itself if absent.
        shortcut: Option<Vec<At<Self>>>,
    },
    /// Layers whose names begin with the module's name and a point.
    Module { name: Template, layers: Vec<At<Self>> },
}

impl Element {
    /// Its kind and its name, as in the text.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Layer(layer) => layer.label(),
            Self::Repeat { .. } => "repeat".into(),
            Self::Residual { .. } => "residual".into(),
            Self::Module { name, .. } => format!("module {name}"),
        }
    }
}
