//! Evaluates claims over several seeds.
//!
//! [`evaluate`] makes all comparisons of each claim, with an interval over seeds and test images, and a p-value corrected for the
//! number of comparisons.

mod evaluation;
mod measured;
mod options;
mod outcome;

pub use evaluation::evaluate;
pub use options::ClaimOptions;
pub use outcome::ModelOutcome;
