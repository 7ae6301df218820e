//! The network's operations and Gauss-Newton's linear algebra on NVIDIA GPUs.
//!
//! - **The device.** [`Device`] is what kernels run on: buffers, launches, recordings. [`NvidiaDevice`] is a
//!   GPU, through a driver and an NVRTC that are looked for when the program runs: nothing of CUDA is needed to build.
//!   [`EmulatedDevice`] runs the same kernels on the processor, slowly and under address sanitizer, for tests.
//! - **The kernels** are plain CUDA C++ files, each beside the Rust that launches it ([`ops`], [`linalg`], [`optim`]), listed
//!   in [`sources`]. They use no atomics and add in a fixed order: the same bits every time.

mod columns;
pub mod device;
pub mod engine;
mod error;
mod launch;
pub mod linalg;
pub mod ops;
pub mod optim;
mod real;
mod slice;
pub mod sources;

pub use columns::{Columns, Write};
pub use device::{Arg, Device, Element, EmulatedDevice, Memory, NvidiaDevice};
pub use engine::CudaEngine;
pub use error::{CudaError, Missing};
pub use real::Real;
pub use slice::Slice;
