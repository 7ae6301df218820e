//! Faults that a test can plant in the other crates, to prove that what guards them can fail.
//!
//! Each [`Fault`] is a mistake that somebody could make. The line that would hold it asks [`planted`], which is `false` at
//! compile time, so that nothing is left of the question in a normal build. With the feature `planted` a test chooses with
//! `plant` the one fault that is there.
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
