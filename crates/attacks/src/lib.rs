//! Adversarial attacks: one attack per file, all behind one trait, [`Attack`].
//!
//! An attack searches a [`Ball`] around each given image for an image that a network misclassifies. It accesses the
//! network only through [`Classifier`](minima_autodiff::Classifier): logits, and a gradient with respect to the image.
//! Its [`Outcome`] records for which images it succeeded. An image that is misclassified without perturbation never
//! counts as a success.
//!
//! PGD, BIM, MI-FGSM and Auto-PGD climb any loss of the logits ([`WithLoss`]): one of [`AttackLoss`], or one's own.
//!
//! ```
//! use minima_attacks::{Attack, Ball, Fgsm};
//! use minima_autodiff::{Model, paper_cnn};
//! use ndarray::Array2;
//! use std::sync::Arc;
//!
//! let graph = Arc::new(paper_cnn([28, 28, 1], 10)?);
//! let params: Vec<f32> = graph.init(42);
//! let model = Model::new(graph, params)?;
//! let images = Array2::from_shape_fn((20, 28 * 28), |(i, j)| ((i * j) % 17) as f32 / 16.0);
//! let labels: Vec<usize> = (0..20).map(|i| i % 10).collect();
//!
//! // One gradient serves all radii.
//! let balls = [Ball::linf(0.1)?, Ball::linf(0.05)?, Ball::linf(0.01)?];
//! for outcome in Fgsm::default().run_many(&model, images.view(), &labels, &balls)? {
//!     println!("{}: {} of {} flipped", outcome.ball, outcome.successes(), outcome.correct());
//!     assert!(outcome.successes() <= outcome.correct());
//! }
//! # Ok::<(), minima_attacks::AttackError>(())
//! ```

mod apgd;
mod apgd_climb;
mod ascent;
mod attack;
mod auto_attack;
mod ball;
mod bim;
mod carlini_wagner;
mod checked_model;
mod composition;
mod deep_fool;
mod direction;
mod epsilon;
mod error;
mod fab;
mod fgsm;
mod goal;
mod hyperplane;
mod input;
mod loss;
mod masking;
mod mi_fgsm;
mod minimal;
mod noise;
mod norm;
mod options;
mod outcome;
mod passes;
mod pgd;
mod significance;
mod square;
mod start;
mod subject;
mod survivors;
mod transfer;
mod verdict;
mod with_loss;

pub use apgd::{Apgd, ApgdLoss};
pub use attack::{Attack, Transferred};
pub use auto_attack::{AutoAttack, standard};
pub use ball::Ball;
pub use bim::Bim;
pub use carlini_wagner::CarliniWagner;
pub use composition::{BestOf, Ensemble, Seeded, Share, WithRestarts, best_of, with_restarts};
pub use deep_fool::DeepFool;
pub use epsilon::Epsilon;
pub use error::AttackError;
pub use fab::FabT;
pub use fgsm::{Fgsm, FgsmGradients};
pub use goal::Goal;
pub use loss::AttackLoss;
pub use masking::{Check, MaskingReport, gradient_masking, gradient_masking_among};
pub use mi_fgsm::MiFgsm;
pub use minimal::Minimal;
pub use noise::{Noise, NoiseKind};
pub use norm::Norm;
pub use outcome::Outcome;
pub use passes::Passes;
pub use pgd::Pgd;
pub use square::Square;
pub use transfer::{Transfer, TransferMatrix};
pub use verdict::Verdict;
pub use with_loss::WithLoss;

/// The version of this crate's numbers. It rises whenever equal input gives other numbers, so that runs stored by an older version are
/// not reused.
pub const NUMERICS_VERSION: u32 = 1;
