//! The paper's claims, and what several seeds say to them.
//!
//! [`CLAIMS`] is the list; [`evaluate`] makes every comparison that a claim asks for, with an interval over seeds and test
//! images and a p-value corrected for the number of comparisons; [`verdict()`] sums them up.

mod claim;
mod evaluation;
mod measured;
mod outcome;
mod verdict;

pub use claim::{ABOUT, About, Against, BELOW_ABOUT, CLAIMS, Claim, ClaimQuantity, EQUAL_RATES, Expected, claim};
pub use evaluation::{ClaimOptions, evaluate};
pub use outcome::ModelOutcome;
pub use verdict::{comparison_table, judged, summary_table, verdict, word};
