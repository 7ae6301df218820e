//! Where a network is computed: the interface between optimizers and the CPU or a GPU.
//!
//! A [`Graph`](crate::Graph) is the engine on the CPU: its vectors are `Vec<T>` and its batches are borrowed arrays. An
//! engine on a device stores vectors there, and its methods only start work. An optimizer must not read values back, so
//! that its calls can be recorded once and repeated.

mod batch;
mod function_space;
mod host;
mod host_function_space;
mod interface;
mod update_rule;

pub use batch::Batch;
pub use function_space::{FunctionSpace, PublishedColumns};
pub use host::HostState;
pub use host_function_space::HostPoint;
pub use interface::{Engine, StepReport};
pub use update_rule::{DeviceRule, RuleMemory, UpdateRule};
