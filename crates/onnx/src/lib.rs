//! Networks in ONNX files.
//!
//! [`import`] reads a feed-forward classifier, such as PyTorch writes it, as a [`NetworkSpec`](minima_network::NetworkSpec) and
//! its parameters: a network like any other, which can be attacked, measured, trained further and saved. [`export`] writes a
//! network.
//!
//! ```
//! use minima_network::NetworkSpec;
//! use minima_onnx::{ImportOptions, export, import_bytes};
//! use ndarray::Array2;
//!
//! let network = NetworkSpec::named("lenet5", &[])?;
//! let graph = network.graph()?;
//! let params: Vec<f32> = graph.init(1);
//! let file = export(&graph, &params, "lenet5")?;
//!
//! // Files of PyTorch are read in the same way, with `import`.
//! let imported = import_bytes(file, "lenet5.onnx".as_ref(), &ImportOptions::default())?;
//! assert_eq!(imported.network.input(), [28, 28, 1]);
//! let images = Array2::from_shape_fn((3, 784), |(i, j)| ((i + j) % 7) as f32 / 7.0);
//! let (a, b) = (graph.logits(&params, images.view())?, imported.graph().logits(&imported.params, images.view())?);
//! assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is read
//!
//! Opsets 7 to 24, weights in the file or beside it, in single, double or half precision. The model has one input, images or a
//! vector, and its first output are the logits; a softmax at the end is left out.
//!
//! | operators | |
//! |---|---|
//! | `Conv`, `Gemm`, `MatMul` | with constant weights; `MatMul` also of two values |
//! | `BatchNormalization`, `LayerNormalization`, `GroupNormalization`, `InstanceNormalization` | a batch norm becomes a part of the layer before it |
//! | `Relu`, `LeakyRelu`, `Elu`, `Gelu`, `Sigmoid`, `Tanh`, `Softplus`, `Softmax`, `HardSigmoid`, `HardSwish`, `Clip`, `Sqrt`, `Reciprocal` | GELU also as written with `Erf` or `Tanh` |
//! | `MaxPool`, `AveragePool`, `GlobalAveragePool`, `GlobalMaxPool`, `ReduceMean`, `ReduceSum` | |
//! | `Add`, `Sub`, `Mul`, `Div`, `Neg`, `Pow` | of two values, or a value and a constant; exponents 1, 2, 3, ±½, −1 |
//! | `Max`, `Min` | with a number |
//! | `Concat`, `Split`, `Slice`, `Gather`, `Pad`, `Expand` | with constant places; positive steps |
//! | `Reshape`, `Flatten`, `Squeeze`, `Unsqueeze`, `Transpose`, `Identity`, `Dropout`, `Cast` | |
//! | `Constant`, `ConstantOfShape`, `Shape`, `Size`, `Range`, `Where`, `Equal`, … | computed at import |
//!
//! Everything else is listed in one error, with node, operator and attribute.
//!
//! # The order of axes
//!
//! ONNX stores the channels of a feature map first, minima last. The weights are reordered at import, so that almost no
//! number has to move later. Constants that are combined with values become parameters, which training changes, except single
//! numbers and up to 16 numbers of channels.

mod decode;
mod error;
mod export;
mod fold;
mod import;
mod importer;
mod input;
mod name;
mod node;
mod operators;
mod program;
mod proto;
mod run;
mod shapes;
mod source;
mod spans;
mod stored;
mod tensor;
mod text;
mod view;

pub use error::{OnnxError, Unsupported};
pub use export::export;
pub use import::{ImportOptions, Imported, import, import_bytes};
pub use input::AxisOrder;
