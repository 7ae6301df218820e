//! A device as an engine: training, evaluation and Gauss-Newton's linear algebra on it.
//!
//! Data and parameters stay on the device. First-order and exact Gauss-Newton steps copy nothing back. Newton-type optimizers
//! with vectors of their own keep these on the host. The optimizers are in `minima-optim`, the same for all engines.

mod cuda_engine;
mod curvature_operators;
mod curvature_point;
mod epochs;
mod function_space;
mod gradients;
mod gram_sum;
mod layer_statistics;
mod model;
mod network;
mod newton_engine;
mod operation;
mod pool;
mod same_network;
mod second_order;
mod space;
mod supported;

pub use cuda_engine::{CudaEngine, DeviceBatch, DeviceState, DeviceVector, SolverReal};
pub use curvature_operators::{DeviceGaussNewton, DeviceHessian};
pub use curvature_point::CurvaturePoint;
pub use epochs::{DeviceData, EpochReport, EpochSteps, Epochs};
pub use function_space::{DeviceColumns, DeviceFactors, DevicePoint};
pub use model::DeviceModel;
pub use supported::check_supported;
