//! The numbers and claims of "Gauss-Newton under adversarial attacks" (M. Jiang, 2025), and comparisons of results with them.
//!
//! No other crate contains the paper's numbers. Reports use them through a [`Reference`](minima_report::Reference).
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
