//! Presets, the runner, tables, figures and the report.
//!
//! ```
//! use minima_experiment::preset::Preset;
//! use minima_experiment::training::Run;
//!
//! let preset = Preset::named("paper", &["epochs=3".to_owned()])?;
//! let runs: Vec<String> = Run::all(&preset).iter().map(Run::name).collect();
//! assert_eq!((preset.epochs, runs.len()), (3, 8));
//! assert!(runs.contains(&"poisoned-adam-42".to_owned()));
//! # Ok::<(), minima_experiment::preset::PresetError>(())
//! ```

pub mod agreement;
pub mod atomic_file;
mod attack_bench;
pub mod attack_catalogue;
pub mod attack_results;
pub mod attack_run;
pub mod bench;
mod bounded_file;
pub mod check;
pub mod claims;
pub mod comparison;
pub mod data_identity;
pub mod device_bench;
pub mod device_training;
mod error;
pub mod evaluation;
pub mod figures;
mod histograms;
mod kept;
pub mod machine;
pub mod manifest;
pub mod measurement;
pub mod observer;
pub mod optimizer_spec;
pub mod optimizers;
pub mod paper;
pub mod preset;
pub mod records;
pub mod report;
pub mod reproduce;
pub mod results;
pub mod results_folder;
pub mod robustness;
pub mod scaling;
pub mod sealed;
mod second_order_bench;
pub mod seed;
pub mod significant;
pub mod spectra;
pub mod stop;
pub mod study;
pub mod tables;
pub mod time_to_accuracy;
pub mod train_run;
pub mod trained_on;
mod trainee;
pub mod training;
pub mod tuning;

pub use error::ExperimentError;
pub use minima_attacks::Norm;
pub use optimizer_spec::OptimizerSpec;
