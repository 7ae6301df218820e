//! Numbers recorded with tolerances, and a check that names the numbers that moved.
//!
//! A baseline is a CSV file with the columns `name`, `value` and `tolerance`. It belongs into the repository, so that a commit
//! which changes a result shows it.
//!
//! ```
//! use minima_baseline::{Baseline, Number};
//!
//! let recorded = Baseline::new(vec![Number::new("accuracy", 0.97, 0.01), Number::new("robust images", 412.0, 5.0)])?;
//! let comparison = recorded.compare(&[Number::new("accuracy", 0.975, 0.01), Number::new("robust images", 390.0, 5.0)]);
//! let moved: Vec<String> = comparison.moved().iter().map(ToString::to_string).collect();
//! assert_eq!(moved, ["robust images (412 → 390)"]);
//! # Ok::<(), minima_baseline::BaselineError>(())
//! ```

mod baseline;
mod comparison;
mod error;
mod number;

pub use baseline::Baseline;
pub use comparison::{Comparison, Line, Moved};
pub use error::BaselineError;
pub use number::Number;
