//! The errors of an optimizer's step.

use crate::Curvature;
use minima_autodiff::AutodiffError;
use minima_curvature::CurvatureError;
use minima_linalg::LinalgError;

/// An error of a step. The parameters are unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OptimError {
    /// The network could not be evaluated or differentiated.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// The curvature could not be estimated, multiplied with or inverted.
    #[error(transparent)]
    Curvature(CurvatureError),
    /// An option of the optimizer is computed on the CPU only, and the engine is another device.
    #[error("{option} is computed on the CPU only; found another device")]
    OnCpuOnly {
        /// The option.
        option: &'static str,
    },
    /// A Gauss-Newton system could not be solved.
    #[error("the Gauss-Newton system with damping {damping:?}: {source}; {}", advice(*enough))]
    Solve {
        /// The damping λ.
        damping: f64,
        /// The error of the solver.
        source: LinalgError,
        /// A damping with which the system can be solved, if one was found.
        enough: Option<f64>,
    },
    /// The system of an exact step is larger than the memory limit.
    #[error(
        "the system of {order} equations needs {bytes} bytes of memory, more than the limit of {limit} bytes; use \
         conjugate gradients (`SecondOrder::with_cg`), a smaller batch or a larger limit (`with_memory_limit`)"
    )]
    SystemSize {
        /// The number of equations.
        order: u64,
        /// The estimated memory of the system and of the gradients from which it is computed, in bytes.
        bytes: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// A Kronecker-factored curvature could not be inverted.
    #[error("the Kronecker factors with damping {damping:?}: {source}; {}", advice(*enough))]
    Factors {
        /// The damping λ.
        damping: f64,
        /// The error of the factorization.
        source: Box<CurvatureError>,
        /// A damping with which the factors can be inverted, if one was found.
        enough: Option<f64>,
    },
    /// A Gauss-Newton system of rounded products could not be solved: rounding can make it singular or not finite.
    #[error("the Gauss-Newton system of products in {arithmetic} with damping {damping:?}: {source}")]
    EmulatedSolve {
        /// The format of the factors.
        arithmetic: &'static str,
        /// The damping λ.
        damping: f64,
        /// The error of the solver.
        source: LinalgError,
    },
    /// Adaptive damping needs a curvature that models the mean loss, and the given curvature does not.
    #[error("adaptive damping needs a curvature that models the mean loss, which {0:?} does not")]
    NoModel(Curvature),
    /// The optimizer computes in single precision alone, and the network is in double precision.
    #[error("the optimizer {optimizer} computes in single precision; found double precision")]
    SinglePrecision {
        /// The optimizer's name.
        optimizer: String,
    },
    /// The state does not belong to this optimizer.
    #[error("the optimizer's state: {name}: found {found}, expected {expected}")]
    State {
        /// The part of the state.
        name: String,
        /// The value found.
        found: String,
        /// The expected value.
        expected: String,
    },
    /// The value of an option is out of its range.
    #[error("{option} is {found:?}; expected {expected}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// The option's value.
        found: f64,
        /// The valid values.
        expected: &'static str,
    },
    /// The value of an option is in its range, but not after rounding to the precision in which it is used: a small
    /// positive number may become 0.
    #[error("{option} is {found:?}, which is {rounded:?} in {bits} bits; expected {expected}")]
    RoundedOption {
        /// The option's name.
        option: &'static str,
        /// The option's value.
        found: f64,
        /// The nearest number in the precision that is used.
        rounded: f64,
        /// The number of bits of the precision: 32 for single precision, 64 for double.
        bits: usize,
        /// The valid values.
        expected: &'static str,
    },
}

impl From<CurvatureError> for OptimError {
    fn from(error: CurvatureError) -> Self {
        match error {
            CurvatureError::Autodiff(error) => Self::Autodiff(error),
            other => Self::Curvature(other),
        }
    }
}

/// Says which damping works.
fn advice(enough: Option<f64>) -> String {
    enough.map_or_else(
        || "no larger damping helps".to_owned(),
        |damping| format!("a damping of {damping:?} is large enough"),
    )
}

/// The largest damping that is tried. A damping far above the eigenvalues makes a matrix almost a multiple of the
/// identity.
const LARGEST: f64 = 1e30;

/// Searches 10, 100, … times the damping, up to [`LARGEST`], for the least value that works. The result is the least if
/// all larger values work too; otherwise it works and a tenth of it does not. Returns `None` if no value works.
///
/// The power is doubled until a value works and then bisected: a damping of 1e-300 takes about 20 trials.
pub(crate) fn enough(damping: f64, mut works: impl FnMut(f64) -> bool) -> Option<f64> {
    let most = (LARGEST.log10() - damping.log10()).floor().clamp(0.0, 1000.0) as i32;
    // 10³⁰⁹ is infinite, but 10³⁰⁹ times the least damping is not.
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
        // The largest damping is tried before the search reports that none works.
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
        assert!(text.contains("damping 1e-300:") && text.ends_with("a damping of 0.0001 is large enough"), "{text}");
    }
}
