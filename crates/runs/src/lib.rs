//! Training of single runs, checkpoints, stored runs, and the measurements of one model.
//!
//! ```
//! use minima_config::{Run, preset::Preset};
//! use minima_runs::Job;
//!
//! let preset = Preset::named("quick", &["seeds=[7]".to_owned()])?;
//! let run = Run::all(&preset).into_iter().next().ok_or("no run")?;
//! let job = Job::new(&preset, run)?;
//! assert_eq!((job.name.as_str(), job.steps()), ("clean-sgd-7", 94));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bits;
pub mod brackets;
pub mod certificates;
pub mod certification;
pub mod checkpoint;
mod checkpoint_error;
mod device_training;
mod driver;
mod error;
mod first_order;
mod host;
mod job;
pub mod machine;
pub mod measured;
pub mod measurement;
pub mod numerics;
pub mod observer;
mod pool;
pub mod robustness;
mod run_store;
pub mod spectra;
mod starting_weights;
mod test_set;
pub mod torch_layout;
mod torch_network;
pub mod training;

pub use bits::Bits;
pub use checkpoint_error::CheckpointNoteError;
pub use device_training::{load, train_on};
pub use driver::{RunTraining, Trained, train_all};
pub use error::RunError;
pub use first_order::FirstOrder;
pub use host::Host;
pub use job::Job;
pub use pool::run_all;
pub use run_store::{RunStore, StoredRun};
pub use test_set::TestSet;
