//! The network's operations and Gauss-Newton's linear algebra on NVIDIA GPUs.
//!
//! - **The device.** [`Device`] runs kernels: it has buffers, launches and recordings. [`NvidiaDevice`] is a GPU. Its
//!   driver and NVRTC are looked for when the program runs, so building needs nothing of CUDA. So is cuBLAS, which
//!   computes large products if it is there. [`EmulatedDevice`] runs
//!   the same kernels on the CPU for tests, slowly and under address sanitizer. [`PlannedDevice`] runs nothing: it counts
//!   the launches, bytes and memory of a step before there is a GPU.
//! - **The kernels** are plain CUDA C++ files, each beside the Rust code that launches it ([`ops`], [`linalg`],
//!   [`optim`]), listed in [`sources`]. They use no atomics and add in a fixed order, so they give the same bits every
//!   time.
//! - **The engine.** [`CudaEngine`] is a network on a device. The optimizers of `minima-optim` run on it as they do on
//!   a `Graph`. [`DeviceModel`](engine::DeviceModel) is a trained network for attacks and metrics.
//!
//! ```
//! use minima_autodiff::{Classifier, Model, paper_cnn};
//! use minima_cuda::{CudaEngine, NvidiaDevice};
//! use ndarray::Array2;
//! use std::sync::Arc;
//!
//! let graph = Arc::new(paper_cnn([28, 28, 1], 10)?);
//! match NvidiaDevice::open(0) {
//!     Ok(device) => {
//!         let engine = CudaEngine::new(device, Arc::clone(&graph))?;
//!         let params = graph.init(42);
//!         let model = engine.model(Model::new(graph, params)?)?;
//!         assert_eq!(model.logits(Array2::zeros((3, 784)).view())?.dim(), (3, 10));
//!     }
//!     // Says what is missing (the driver, a GPU, NVRTC) and how to get it.
//!     Err(missing) => println!("{missing}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
pub use device::{Arg, Device, Element, EmulatedDevice, Memory, NvidiaDevice, PlannedDevice};
pub use engine::CudaEngine;
pub use error::{CudaError, Missing};
pub use real::Real;
pub use slice::Slice;
