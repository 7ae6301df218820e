//! The layers of descriptions, with their expressions.

use crate::expression::Expression;
use crate::template::Template;

/// A layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    /// Its name within its module. Layers without parameters have none.
    pub name: Option<Template>,
    /// The name of the value that it reads. Without one it is the output of the layer before it.
    pub from: Option<Template>,
    /// A name for its output, so that later layers can read it.
    pub save: Option<Template>,
    pub operation: Operation,
}

impl Layer {
    /// Its kind and its name, as in the text.
    pub(crate) fn label(&self) -> String {
        let kind = self.operation.kind();
        self.name.as_ref().map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"))
    }
}

/// Vertical and horizontal sizes.
pub(crate) type Pair = [Expression; 2];

/// What a layer computes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Operation {
    Conv(Convolution),
    Dense {
        features: Expression,
        bias: bool,
    },
    Activation(Function),
    GroupNorm {
        groups: Expression,
        norm: Norm,
    },
    LayerNorm {
        norm: Norm,
    },
    RmsNorm {
        epsilon: f64,
    },
    AvgPool(Window),
    MaxPool(Window),
    GlobalAvgPool,
    Flatten,
    Reshape {
        shape: Vec<Expression>,
    },
    Transpose {
        axes: Vec<Expression>,
    },
    Slice {
        axis: Expression,
        start: Expression,
        end: Expression,
    },
    Take {
        axis: Expression,
        index: Expression,
    },
    Mean {
        axes: Vec<Expression>,
    },
    Sum {
        axes: Vec<Expression>,
    },
    ClassToken {
        deviation: f64,
    },
    PositionEmbedding {
        deviation: f64,
    },
    Attention {
        heads: Expression,
    },
    Softmax {
        axis: Option<Expression>,
    },
    /// The sum with another value.
    Add {
        with: Template,
    },
    /// The product with another value, number by number.
    Multiply {
        with: Template,
    },
    /// The matrix product with another value.
    Matmul {
        with: Template,
        scale: f64,
    },
    /// The value and others side by side.
    Concat {
        with: Vec<Template>,
        axis: Expression,
    },
    /// A constant affine map: one number of each for all channels, or one for each channel.
    Affine {
        scale: Vec<f64>,
        shift: Vec<f64>,
    },
    /// A border of equal numbers along one axis.
    Pad {
        axis: Expression,
        before: Expression,
        after: Expression,
        value: f64,
    },
    /// Copies along axes of size 1.
    Broadcast {
        shape: Vec<Expression>,
    },
    /// A learned value, whatever the input.
    Embedding {
        shape: Vec<Expression>,
        deviation: f64,
    },
}

/// The constants and the parameters of a normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Norm {
    pub epsilon: f64,
    pub scale: bool,
    pub shift: bool,
}

/// A convolution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Convolution {
    pub features: Expression,
    pub kernel: Pair,
    pub stride: Pair,
    pub padding: Border,
    pub dilation: Pair,
    pub groups: Expression,
    pub bias: bool,
}

/// The windows of a pooling.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    pub window: Pair,
    pub stride: Pair,
    pub padding: Border,
    /// Whether a mean divides by the window's area. Otherwise it divides by the number of entries within the image.
    pub count_padding: bool,
}

/// The border around a feature map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Border {
    Same,
    Valid,
    /// Rows above and below, columns to the left and to the right.
    Explicit([Pair; 2]),
}

/// A function of every number of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Function {
    Relu,
    LeakyRelu { slope: f64 },
    Elu { alpha: f64 },
    Gelu,
    GeluTanh,
    Silu,
    Sigmoid,
    Softplus,
    Tanh,
    Clip { low: f64, high: f64 },
    Sqrt,
    Reciprocal,
}

impl Function {
    pub(crate) const NAMES: [&'static str; 12] = [
        "relu",
        "leaky_relu",
        "elu",
        "gelu",
        "gelu_tanh",
        "silu",
        "sigmoid",
        "softplus",
        "tanh",
        "clip",
        "sqrt",
        "reciprocal",
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::Elu { .. } => "elu",
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu_tanh",
            Self::Silu => "silu",
            Self::Sigmoid => "sigmoid",
            Self::Softplus => "softplus",
            Self::Tanh => "tanh",
            Self::Clip { .. } => "clip",
            Self::Sqrt => "sqrt",
            Self::Reciprocal => "reciprocal",
        }
    }
}

/// The name of a layer that the text does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AutomaticName {
    /// The layer has no parameters and no name.
    None,
    /// This name.
    Fixed(&'static str),
    /// This word, and the layer's number among the unnamed layers of its kind in its module, as in Flax: `Conv_0`.
    Counted(&'static str),
}

impl Operation {
    /// Every kind of layer besides the functions.
    pub(crate) const KINDS: [&'static str; 28] = [
        "activation",
        "add",
        "affine",
        "attention",
        "avg_pool",
        "broadcast",
        "class_token",
        "concat",
        "conv",
        "dense",
        "embedding",
        "flatten",
        "global_avg_pool",
        "group_norm",
        "layer_norm",
        "matmul",
        "max_pool",
        "mean",
        "multiply",
        "pad",
        "position_embedding",
        "reshape",
        "rms_norm",
        "slice",
        "softmax",
        "sum",
        "take",
        "transpose",
    ];

    /// Its kind: the value of the key `layer`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Conv(_) => "conv",
            Self::Dense { .. } => "dense",
            Self::Activation(function) => function.name(),
            Self::GroupNorm { .. } => "group_norm",
            Self::LayerNorm { .. } => "layer_norm",
            Self::RmsNorm { .. } => "rms_norm",
            Self::AvgPool(_) => "avg_pool",
            Self::MaxPool(_) => "max_pool",
            Self::GlobalAvgPool => "global_avg_pool",
            Self::Flatten => "flatten",
            Self::Reshape { .. } => "reshape",
            Self::Transpose { .. } => "transpose",
            Self::Slice { .. } => "slice",
            Self::Take { .. } => "take",
            Self::Mean { .. } => "mean",
            Self::Sum { .. } => "sum",
            Self::ClassToken { .. } => "class_token",
            Self::PositionEmbedding { .. } => "position_embedding",
            Self::Attention { .. } => "attention",
            Self::Softmax { .. } => "softmax",
            Self::Add { .. } => "add",
            Self::Multiply { .. } => "multiply",
            Self::Matmul { .. } => "matmul",
            Self::Concat { .. } => "concat",
            Self::Affine { .. } => "affine",
            Self::Pad { .. } => "pad",
            Self::Broadcast { .. } => "broadcast",
            Self::Embedding { .. } => "embedding",
        }
    }

    /// The names of the values that it reads besides its input.
    pub(crate) fn with(&self) -> &[Template] {
        match self {
            Self::Add { with } | Self::Multiply { with } | Self::Matmul { with, .. } => std::slice::from_ref(with),
            Self::Concat { with, .. } => with,
            _ => &[],
        }
    }

    /// Its name if the text has none.
    pub(crate) fn automatic_name(&self) -> AutomaticName {
        match self {
            Self::Conv(_) => AutomaticName::Counted("Conv"),
            Self::Dense { .. } => AutomaticName::Counted("Dense"),
            Self::GroupNorm { .. } => AutomaticName::Counted("GroupNorm"),
            Self::LayerNorm { .. } => AutomaticName::Counted("LayerNorm"),
            Self::RmsNorm { .. } => AutomaticName::Counted("RMSNorm"),
            Self::Attention { .. } => AutomaticName::Counted("MultiHeadDotProductAttention"),
            Self::Embedding { .. } => AutomaticName::Counted("Embed"),
            Self::ClassToken { .. } => AutomaticName::Fixed("cls_token"),
            Self::PositionEmbedding { .. } => AutomaticName::Fixed("pos_embedding"),
            _ => AutomaticName::None,
        }
    }
}
