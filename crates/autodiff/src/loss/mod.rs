//! Losses: what a network's logits cost for given labels, and how that cost changes with the logits.
//!
//! A [`Loss`] knows its value, its gradient and its Hessian with respect to the logits of one image, a factor of that
//! Hessian, and the distribution whose Fisher information equals the Hessian. Everything that needs a loss takes it
//! from a [`Batch`](crate::Batch). Value and gradient alone are an [`ImageLoss`], which is all that an attack climbs.
//!
//! The gradient and the curvature depend on the logits through *predictions*: the probabilities of
//! [`SoftmaxCrossEntropy`], the logits themselves for [`SquaredError`]. They are computed once for many products.

mod cross_entropy;
mod draw;
mod interface;
mod of_batch;
mod squared_error;

pub(crate) use cross_entropy::PLAIN;
pub use cross_entropy::SoftmaxCrossEntropy;
pub use interface::{Draw, ImageLoss, Loss, LossIn};
pub use squared_error::SquaredError;
