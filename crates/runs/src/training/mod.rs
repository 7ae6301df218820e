//! Training of one model.

mod file_names;
mod keep;
mod on_processor;
mod state;
mod state_error;

pub(crate) use keep::Keeper;
pub use keep::{Keep, Keeping};
pub use on_processor::{AtTheEnd, Training, Visitor};
pub use state::{Progress, TrainingState, parse_tensors};
pub use state_error::StateError;
