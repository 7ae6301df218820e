//! Kronecker-factored curvature: K-FAC (Martens & Grosse 2015), its form for convolutions (KFC, Grosse & Martens 2016),
//! and EKFAC (George et al. 2018).
//!
//! The parameters of a layer form a matrix `V` of shape `(bias + fan_in, outputs)`; its first row is the bias, if there
//! is one. At place t of image i (a spatial position, a token), the layer's input is `ā`, with a 1 for the bias, and the
//! cotangent of its output is δ. The image's gradient is `Σ_t ā δᵀ`. The layer's block of the Fisher matrix of the mean
//! loss, `E[vec(Σ_t ā δᵀ) vec(Σ_t ā δᵀ)ᵀ]`, is approximated by
//!
//! `A ⊗ G` with `A = E[Σ_t ā āᵀ]` and `G = E[Σ_t δ δᵀ] / |T|`, whose product is `A V G`,
//!
//! as if inputs and cotangents were independent, cotangents of different places uncorrelated, and all places alike. A
//! dense layer has one place. [`WeightSharing`] has the other way to combine places. The scale is the same as for the
//! Gauss-Newton matrix of the mean loss, so damping has the same meaning.
//!
//! A convolution in groups has one such block for each group. Scales, shifts and embeddings are not matrices: their
//! block is diagonal, with the exact diagonal of the Fisher matrix ([`DiagonalBlock`]). The blocks together cover all
//! parameters.
//!
//! E is the mean over images and over labels. Labels enter through cotangents `(count, images, classes)` whose outer
//! products, summed over the first axis, are each image's Fisher matrix with respect to the logits. See
//! [`sampled_cotangents`], [`label_cotangents`] and
//! [`LossIn::factors`](minima_autodiff::loss::LossIn::factors) (exact; times `√(images / W)` if the total weight W of the
//! labels is not their number).
//!
//! ```
//! use minima_autodiff::softmax_cross_entropy::{hessian_factors, mean_gradient, softmax};
//! use minima_autodiff::GraphBuilder;
//! use minima_curvature::kfac::{Kfac, KroneckerFactors, WeightSharing};
//! use minima_curvature::LinearOperator;
//! use ndarray::array;
//!
//! let mut g = GraphBuilder::new(&[2]);
//! let y = g.dense(g.input(), "Dense_0", 3)?;
//! let graph = g.finish(y)?;
//! let params: Vec<f64> = graph.init(42);
//! let at = graph.linearize(&params, array![[0.5, -1.0], [1.0, 0.3]].view())?;
//!
//! let cotangents = hessian_factors(softmax(at.logits()).view());
//! let kfac = Kfac::new(KroneckerFactors::estimate(&at, cotangents.view(), WeightSharing::Expand)?)?;
//! let gradient = at.vjp(mean_gradient(at.logits(), &[2, 0])?.view())?;
//! let direction = kfac.inverse(0.1)?.apply(&gradient)?;
//! assert!(direction.iter().zip(&gradient).map(|(d, g)| d * g).sum::<f64>() > 0.0);
//! # Ok::<(), minima_curvature::CurvatureError>(())
//! ```

mod cover;
mod diagonal_block;
mod eigenbasis;
mod ekfac;
mod factored_damping;
mod factors;
mod fisher_cotangents;
mod host_statistics;
mod inverse;
mod layer_gradients;
mod layer_statistics;
mod operator;
mod parameter_matrix;
mod row_products;
mod running_average;
mod second_moments;
mod weight_sharing;

pub use diagonal_block::DiagonalBlock;
pub use eigenbasis::Eigenbasis;
pub use ekfac::{Ekfac, EkfacInverse, EkfacLayer};
pub use factored_damping::FactoredDamping;
pub use factors::{KroneckerFactors, LayerFactors};
pub use fisher_cotangents::{label_cotangents, label_residuals, sampled_cotangents, sampled_residuals};
pub use inverse::KfacInverse;
pub use layer_gradients::LayerGradients;
pub use layer_statistics::{LayerStatistics, PlacedBasis, SecondMoments, check_bases};
pub use operator::Kfac;
pub use running_average::{RunningFactors, newest_weight};
pub use weight_sharing::WeightSharing;
