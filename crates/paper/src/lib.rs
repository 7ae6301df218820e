//! "Gauss-Newton under adversarial attacks" (M. Jiang, 2025): its numbers, its claims, and how results compare with them.
//!
//! No other crate knows the paper. A report takes it as a [`Reference`](minima_report::Reference).
//!
//! ```
//! use minima_paper::numbers;
//!
//! let count = numbers::fgsm("clean", "gauss-newton-published", 0.1).ok_or("no such number")?;
//! assert_eq!((count.correct, count.successes), (9_585, 4_937));
//! # Ok::<(), &str>(())
//! ```

mod agreement;
pub mod claims;
mod configuration;
mod curves;
mod findings;
mod gauss_newton;
pub mod numbers;
mod reference;
mod tf32;

pub use reference::{PAPER, Paper};
