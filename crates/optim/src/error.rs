//! The errors of an optimizer's step.

use crate::Curvature;
use minima_autodiff::AutodiffError;
use minima_curvature::CurvatureError;
use minima_linalg::LinalgError;

/// What can go wrong in a step. The parameters are then as they were before it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptimError {
    /// The network could not be evaluated or differentiated.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// The curvature could not be estimated, multiplied with or inverted.
    #[error(transparent)]
    Curvature(#[from] CurvatureError),
    /// A Gauss-Newton system could not be solved.
    #[error("the Gauss-Newton system with damping {damping}: {source}; {}", advice(*enough))]
    Solve {
        /// The damping λ.
        damping: f64,
        /// What the solver found.
        source: LinalgError,
        /// A damping with which it can be solved, where one was found.
        enough: Option<f64>,
    },
    /// A Kronecker-factored curvature could not be inverted.
    #[error("the Kronecker factors with damping {damping}: {source}; {}", advice(*enough))]
    Factors {
        /// The damping λ.
        damping: f64,
        /// What the solver found.
        source: Box<CurvatureError>,
        /// A damping with which they can be inverted, where one was found.
        enough: Option<f64>,
    },
    /// A Gauss-Newton system of rounded products could not be solved: rounding may leave no inverse, or no number.
    #[error("the Gauss-Newton system of products in {arithmetic} with damping {damping}: {source}")]
    EmulatedSolve {
        /// The format of the factors.
        arithmetic: &'static str,
        /// The damping λ.
        damping: f64,
        /// What the solver found.
        source: LinalgError,
    },
    /// Damping is to adapt to how well a matrix models the mean loss that is no model of it.
    #[error("adaptive damping measures how well the curvature models the mean loss, and {0:?} is no model of that")]
    NoModel(Curvature),
    /// A state is none of this optimizer's.
    #[error("the optimizer's state: found {found} as {name}, expected {expected}")]
    State {
        /// Which part of it.
        name: String,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// An option has a value that makes no sense.
    #[error("{option} is {found}; expected {expected}")]
    Option {
        /// Its name.
        option: &'static str,
        /// Its value.
        found: f64,
        /// What it may be.
        expected: &'static str,
    },
}

/// What a damping would do.
fn advice(enough: Option<f64>) -> String {
    enough.map_or_else(|| "no larger damping helps".to_owned(), |damping| format!("a damping of {damping} would do"))
}

/// The first of ten, a hundred, … times the damping with which something works, up to 10¹² times.
pub(crate) fn enough(damping: f64, mut works: impl FnMut(f64) -> bool) -> Option<f64> {
    (1..=12).map(|power| damping * 10.0_f64.powi(power)).find(|&damping| works(damping))
}
