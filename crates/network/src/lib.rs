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
//! # The format
//!
//! | key | value |
//! |---|---|
//! | `name` | optional: the network's name in reports; without it the name of the file |
//! | `input` | shape of one input, such as `[28, 28, 1]` for images (height, width, channels) |
//! | `classes` | the number of logits: the network's output is a vector of this length |
//! | `layers` | the layers in order |
//! | `normalize` | optional: `{ mean = [0.5], deviation = [0.25] }`, one number for each channel, applied first |
//! | `options` | optional: whole numbers with names, which expressions use and [`NetworkSpec::with_option`] changes |
//!
//! **Numbers.** A size is a whole number, or an expression in quotes: `"2 * width"`, `"(classes + 2) / 4"`. An expression
//! consists of numbers, options, the indices of repetitions, `classes`, `+ - * /` and parentheses. A division must leave no
//! remainder.
//!
//! **Names.** A layer with parameters has a key `name`, in which `{i}` stands for the index `i` of a repetition. Without a
//! name it gets Flax's: the word of its kind with the number of unnamed layers of that kind before it in its module, such
//! as `Conv_0`. Its parameters are `{name}.kernel`, `{name}.bias` or `{name}.scale`.
//!
//! **Layers.** A layer is a table with the key `layer`, or its kind alone as a text if all other keys have default values.
//! Two sizes in an array are vertical and horizontal; one size stands for both.
//!
//! | kind | keys | meaning |
//! |---|---|---|
//! | `conv` | `features`, `kernel`, `stride = 1`, `padding = "same"`, `dilation = 1`, `groups = 1`, `bias = true` | convolution of a feature map; `Conv_0` |
//! | `dense` | `features`, `bias = true` | affine map of the last axis, so of a vector or of every token; `Dense_0` |
//! | `relu`, `leaky_relu` (`slope = 0.01`), `elu` (`alpha = 1.0`), `gelu`, `gelu_tanh`, `silu`, `sigmoid`, `softplus`, `tanh`, `clip` (`low`, `high`), `sqrt`, `reciprocal` | | a function of every number; `gelu` is exact, `gelu_tanh` its approximation |
//! | `activation` | `function`, and the function's keys | the same, such as `{ layer = "activation", function = "elu", alpha = 0.5 }` |
//! | `group_norm` | `groups`, `epsilon = 1e-5`, `scale = true`, `shift = true` | normalisation of groups of channels; `GroupNorm_0` |
//! | `layer_norm` | `epsilon = 1e-6`, `scale = true`, `shift = true` | normalisation of the last axis; `LayerNorm_0` |
//! | `rms_norm` | `epsilon = 1e-6` | normalisation of the last axis without its mean; `RMSNorm_0` |
//! | `avg_pool` | `window`, `stride` (default: the window), `padding = "valid"`, `count_padding = true` | means over windows; without `count_padding` they divide by the number of pixels within the image |
//! | `max_pool` | `window`, `stride` (default: the window), `padding = "valid"` | maxima over windows |
//! | `global_avg_pool` | | the mean of each channel of a feature map |
//! | `flatten` | | all numbers as a vector |
//! | `reshape` | `shape` | the same numbers in another shape, in which one size may be `-1` for the rest |
//! | `transpose` | `axes` | axis k of the output is axis `axes[k]` of the input |
//! | `slice` | `axis`, `start`, `end` | the indices from `start` up to `end`, without it |
//! | `take` | `axis`, `index` | the entries at one index of an axis, which the output no longer has |
//! | `mean`, `sum` | `axes` | the mean or sum over axes, which the output no longer has |
//! | `class_token` | `deviation = 0.0` | one learned token before the tokens of `(tokens, features)`; `cls_token` |
//! | `position_embedding` | `deviation = 0.02` | adds a learned value of the input's shape; `pos_embedding` |
//! | `attention` | `heads` | multi-head self-attention of `(tokens, features)`; `MultiHeadDotProductAttention_0` |
//! | `softmax` | `axis` (default: the last) | softmax over one axis |
//! | `add`, `multiply` | `with` | the sum or product with another value of the same shape, number by number |
//! | `matmul` | `with`, `scale = 1.0` | `scale` times the matrix product with another value, in the last two axes |
//! | `concat` | `with`, `axis` | the value and an array of others side by side |
//! | `affine` | `scale = 1.0`, `shift = 0.0` | `scale · x + shift` with constants: a number, or an array with one for each channel |
//! | `pad` | `axis`, `before = 0`, `after = 0`, `value = 0.0` | entries with this value before and after the others of an axis |
//! | `broadcast` | `shape` | copies along axes of size 1 |
//! | `embedding` | `shape`, `deviation = 0.02` | a learned value, whatever the input; `Embed_0` |
//!
//! `deviation` is the standard deviation of the initial numbers. A `padding` is `"same"` (the output has ⌈size / stride⌉
//! rows), `"valid"` (none), a number of rows and columns on each side, or `[[above, below], [left, right]]`.
//!
//! **Groups.** Lists of layers may contain groups, up to 32 within one another:
//!
//! - `{ repeat = 3, index = "i", first = 1, layers = [...] }`: the layers three times, with `i` = 1, 2, 3. Without `first`
//!   the index begins at 0. A group that does not need its index leaves the key out.
//! - `{ residual = [...], shortcut = [...] }`: the sum of two branches. Without `shortcut` the other branch is the input.
//! - `{ module = "block_{i}", layers = [...] }`: the names within begin with `block_{i}.`, and unnamed layers are counted
//!   anew.
//!
//! **Values.** A layer reads the output of the layer before it. With the key `from` it reads another value: one that an
//! earlier layer has named with its key `as`, or `input`, the network's input after its normalisation. `with` names the
//! other values that `add`, `multiply`, `matmul` and `concat` read:
//!
//! ```toml
//! layers = [
//!     { layer = "conv", features = 8, kernel = 3, as = "stem" }, "relu",
//!     { layer = "conv", features = 8, kernel = 3 },
//!     { layer = "concat", with = ["stem"], axis = 2 },
//! ]
//! ```
//!
//! In a repetition, a name contains the index, because each value has one name.
//!
//! **Limits.** A network has at most 10 000 layers and groups (each repetition counts), 2³¹ parameters in 20 000 arrays, and
//! 2²⁶ numbers in all values of one image, 2²⁰ of them in the constants of borders and copies, so that a text from elsewhere cannot exhaust the memory.
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
