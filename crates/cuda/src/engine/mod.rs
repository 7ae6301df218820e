//! A device as an engine: training, evaluation and Gauss-Newton's linear algebra on it.
//!
//! Data, parameters and optimizer states stay on the device; a step copies nothing back. The optimizers are in
//! `minima-optim`, the same for all engines.

mod cuda_engine;
mod curvature_point;
mod epochs;
mod function_space;
mod gradients;
mod gram_sum;
mod model;
mod network;
mod operation;
mod pool;
mod same_network;
mod second_order;
mod space;
mod supported;

pub use cuda_engine::{CudaEngine, DeviceBatch, DeviceState, DeviceVector, SolverReal};
pub use curvature_point::CurvaturePoint;
pub use epochs::{DeviceData, EpochReport, EpochSteps, Epochs};
pub use function_space::{DeviceColumns, DeviceFactors, DevicePoint};
pub use model::DeviceModel;
pub use supported::check_supported;
