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
    #[error("the Gauss-Newton system with damping {damping:?}: {source}; {}", advice(*enough))]
    Solve {
        /// The damping λ.
        damping: f64,
        /// What the solver found.
        source: LinalgError,
        /// A damping with which it can be solved, where one was found.
        enough: Option<f64>,
    },
    /// A Kronecker-factored curvature could not be inverted.
    #[error("the Kronecker factors with damping {damping:?}: {source}; {}", advice(*enough))]
    Factors {
        /// The damping λ.
        damping: f64,
        /// What the solver found.
        source: Box<CurvatureError>,
        /// A damping with which they can be inverted, where one was found.
        enough: Option<f64>,
    },
    /// A Gauss-Newton system of rounded products could not be solved: rounding may leave no inverse, or no number.
    #[error("the Gauss-Newton system of products in {arithmetic} with damping {damping:?}: {source}")]
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
    #[error("{option} is {found:?}; expected {expected}")]
    Option {
        /// Its name.
        option: &'static str,
        /// Its value.
        found: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// An option has a value that makes sense, but not in the precision that it is used in: a positive number may be 0 there.
    #[error("{option} is {found:?}, which is {rounded:?} in {bits} bits; expected {expected}")]
    RoundedOption {
        /// Its name.
        option: &'static str,
        /// Its value.
        found: f64,
        /// The nearest number in that precision.
        rounded: f64,
        /// The size of a number in that precision: 32 for single precision, 64 for double.
        bits: usize,
        /// What it may be.
        expected: &'static str,
    },
}

/// What a damping would do.
fn advice(enough: Option<f64>) -> String {
    enough.map_or_else(|| "no larger damping helps".to_owned(), |damping| format!("a damping of {damping:?} would do"))
}

/// The largest damping that is tried. A damping far above a matrix's eigenvalues makes it a multiple of the identity.
const LARGEST: f64 = 1e30;

/// The least of ten, a hundred, … times the damping, up to [`LARGEST`], with which something works, if it works with all that
/// are larger; otherwise one with which it works and with a tenth of which it does not. `None` where none was found.
///
/// The power is doubled until something works and bisected then: a damping of 1e-300 takes some 20 trials.
pub(crate) fn enough(damping: f64, mut works: impl FnMut(f64) -> bool) -> Option<f64> {
    let most = (LARGEST.log10() - damping.log10()).floor().clamp(0.0, 1000.0) as i32;
    // 10³⁰⁹ is infinite, and 10³⁰⁹ times the least damping is not.
    let times = |power: i32| damping * 10.0_f64.powi(power / 2) * 10.0_f64.powi(power - power / 2);
    let (mut fails, mut power) = (0, 1);
    loop {
        if power > most {
            return None;
        }
        if works(times(power)) {
            break;
        }
        fails = power;
        // The largest is tried before it is said that none helps.
        power = if power == most { most + 1 } else { most.min(2 * power) };
    }
    while power - fails > 1 {
        let middle = fails + (power - fails) / 2;
        if works(times(middle)) { power = middle } else { fails = middle }
    }
    Some(times(power))
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, OptimError, enough};
    use minima_linalg::LinalgError;

    #[test]
    fn the_least_damping_that_works_is_found_from_any_damping() {
        for start in (-307..30).map(|power| 10.0_f64.powi(power)).chain([5e-324]) {
            for threshold in (-30..=28).map(|power| 3.0 * 10.0_f64.powi(power)) {
                let mut trials = 0;
                let found = enough(start, |damping| {
                    trials += 1;
                    damping >= threshold
                });
                let found = found.unwrap_or(f64::NAN);
                assert!(
                    found >= threshold && found <= 10.0 * start.max(1.1 * threshold),
                    "{start:e} {threshold:e} {found:e}"
                );
                assert!(trials <= 20, "{trials}");
            }
            assert_eq!(enough(start, |_| false), None);
            assert!(enough(start, |damping| damping > 1.001 * LARGEST).is_none());
        }
    }

    #[test]
    fn a_tiny_damping_is_printed_in_few_digits() {
        let source = LinalgError::NotPositiveDefinite { pivot: 3 };
        let error = OptimError::Solve { damping: 1e-300, source, enough: Some(1e-4) };
        let text = error.to_string();
        assert!(text.contains("damping 1e-300:") && text.ends_with("a damping of 0.0001 would do"), "{text}");
    }
}
