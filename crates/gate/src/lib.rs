//! The regression gate: it trains each optimizer for a few hundred steps, and compares losses, accuracies and FGSM counts with
//! recorded values.
//!
//! ```
//! use minima_config::Labels;
//! use minima_gate::Part;
//!
//! let adam = Part { optimizers: &["adam"], labels: &[Labels::Clean] };
//! assert!(adam.has("paper-cnn clean adam correct"));
//! for other in ["paper-cnn poisoned adam correct", "paper-cnn clean sgd correct", "vit clean adam correct"] {
//!     assert!(!adam.has(other), "{other}");
//! }
//! ```

mod error;
mod gate;

pub use error::GateError;
pub use gate::{GateResult, Part, bless, check, check_only};
