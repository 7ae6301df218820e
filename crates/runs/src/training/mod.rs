//! Training of one model.

mod adversarial;
mod average;
mod crown_ibp_bounds;
mod epochs;
mod file_names;
mod interval_bounds;
mod keep;
mod on_cpu;
mod state;
mod state_error;
mod state_tensors;
mod stepper;

pub use adversarial::AdversarialImages;
pub use epochs::{AtTheEnd, Training, Visitor};
pub(crate) use epochs::{Epoch, EpochMeans, Trainer, is_explosion, train};
pub(crate) use keep::Keeper;
pub use keep::{Keep, Keeping};
pub use state::{Progress, TrainingState};
pub use state_error::StateError;
pub use state_tensors::{StateTensors, parse_tensors};
