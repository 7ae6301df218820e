//! Faults that a test can plant in the other crates, to prove that the tests detect them.
//!
//! Each [`Fault`] is a plausible mistake. The code at its place calls [`planted`], which is `false` at compile time, so a normal
//! build contains no faults. With the feature `planted`, a test plants one fault at a time with `plant`.
//!
//! ```
//! use minima_faults::{Fault, planted};
//!
//! assert!(Fault::ALL.iter().all(|&fault| !planted(fault)));
//! ```

mod fault;
mod selection;

pub use fault::Fault;
#[cfg(feature = "planted")]
pub use selection::plant;
pub use selection::planted;
