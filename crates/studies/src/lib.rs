//! Studies: many runs of an experiment that differ in one setting, and the tables that compare them.
//!
//! A study trains its missing runs as independent jobs on all cores, measures all its runs, and writes CSV files. All studies of
//! a folder share its runs.
//!
//! ```
//! use minima_config::preset::Preset;
//! use minima_studies::{Study, StudyOptions};
//!
//! let preset = Preset::named("paper", &["seeds=[1, 2]".to_owned()])?;
//! let options = StudyOptions::new(preset, &[], 2);
//! let jobs = Study::Matched.jobs(&options)?;
//! assert!(jobs.iter().all(|job| job.name.starts_with("clean-")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod claims;
mod context;
mod damping;
mod error;
pub mod landscape;
pub mod logit_scale;
mod matched;
mod options;
mod poison;
mod precision;
pub mod predictors;
mod progress;
pub mod radii;
mod seeds;
mod study;
pub mod sweep;

pub use context::Context;
pub use error::StudyError;
pub use options::StudyOptions;
pub use progress::{Listener, StudyEvent};
pub use study::{Study, claim, gather_study, run_study};
