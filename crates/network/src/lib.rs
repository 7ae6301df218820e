//! Networks as text: a description in TOML becomes a [`Graph`](minima_autodiff::Graph), and a zoo of named networks is
//! a folder of such descriptions.
//!
//! ```
//! use minima_network::NetworkSpec;
//!
//! let text = r#"
//! input = [28, 28, 1]
//! classes = 10
//!
//! layers = [
//!     { layer = "conv", features = "width", kernel = 3 }, "relu", { layer = "max_pool", window = 2 },
//!     { repeat = 2, index = "i", first = 1, layers = [
//!         { residual = [{ layer = "conv", name = "block{i}", features = "width", kernel = 3 }, "relu"] },
//!     ] },
//!     "global_avg_pool",
//!     { layer = "dense", name = "head", features = "classes" },
//! ]
//!
//! [options]
//! width = 8
//! "#;
//! let spec = NetworkSpec::parse(text, "small.toml")?.with_option("width", 16)?;
//! let graph = spec.graph()?;
//! let kernels = graph.parameters().iter().map(|p| p.name.as_str()).filter(|name| name.ends_with("kernel"));
//! assert_eq!(kernels.collect::<Vec<_>>(), ["Conv_0.kernel", "block1.kernel", "block2.kernel", "head.kernel"]);
//!
//! // An error names the line, the layer, the found and the expected shape.
//! let error = NetworkSpec::parse(&text.replace("\"global_avg_pool\",", ""), "small.toml")?.graph().unwrap_err();
//! assert!(error.to_string().starts_with("small.toml:11: the output of dense head: found shape [14, 14, 10]"));
//!
//! // A network of the zoo, on other images.
//! let resnet = NetworkSpec::named("resnet20", &[("width", 32)])?.with_input([28, 28, 1]);
//! assert_eq!(resnet.graph()?.parameter_count(), 1_084_010);
//! # Ok::<(), minima_network::NetworkError>(())
//! ```
//!
#![doc = include_str!("../FORMAT.md")]
//!
//! # The zoo
//!
//! | name | options | network |
//! |---|---|---|
//! | `paper-cnn` | | the network of "Gauss-Newton under adversarial attacks", as [`paper_cnn`](minima_autodiff::paper_cnn) |
//! | `mlp` | `width = 128` | two hidden layers with ReLU |
//! | `lenet5` | | LeNet-5 (LeCun et al. 1998) with ReLU |
//! | `resnet20` | `width = 16` | ResNet-20 (He et al. 2016) with group norm in groups of 8 channels |
//! | `resnet18` | `width = 64` | ResNet-18 in its form for small images, with group norm in `width / 2` groups |
//! | `vit` | `patch = 4`, `width = 128`, `depth = 4`, `heads = 4`, `hidden = 256` | a vision transformer (Dosovitskiy et al. 2021) |
//!
//! The texts are in the crate's folder `networks`.

mod build;
mod description;
mod error;
mod expression;
mod layer;
mod limits;
mod read;
mod spec;
pub mod suggestion;
mod template;
mod write;
mod zoo;

pub use error::{NetworkError, Place};
pub use spec::NetworkSpec;

/// The version of the zoo and of the rules of descriptions. It rises whenever a text gives another network, so that runs stored by
/// an older version are not reused.
pub const NUMERICS_VERSION: u32 = 1;
