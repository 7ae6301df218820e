//! Presets: TOML files that define what an experiment trains, attacks and measures.
//!
//! ```
//! use minima_config::{Run, preset::Preset};
//!
//! let preset = Preset::named("paper", &["epochs=3".to_owned()])?;
//! let runs: Vec<String> = Run::all(&preset).iter().map(Run::name).collect();
//! assert_eq!((preset.epochs, runs.len()), (3, 8));
//! assert!(runs.contains(&"poisoned-adam-42".to_owned()));
//! # Ok::<(), minima_config::preset::PresetError>(())
//! ```

pub mod attack_catalogue;
mod data_identity;
mod grid;
mod held_out;
mod labels;
mod network_choice;
pub mod optimizer_spec;
mod parts;
pub mod preset;
pub mod radius;
pub mod registry;
mod run;
pub mod seed;
pub mod training_options;

pub use data_identity::{DataDifference, DataIdentity};
pub use grid::{Axis, Grid};
pub use held_out::TrainingImages;
pub use labels::Labels;
pub use minima_attacks::Norm;
pub use network_choice::{NetworkChoice, NetworkChoiceError};
pub use optimizer_spec::OptimizerSpec;
pub use parts::{Parts, PartsError};
pub use run::{Run, training_set};
pub use training_options::{Start, TrainingOptions};
