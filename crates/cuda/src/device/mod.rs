//! The interface of devices: memory, launches, and recordings of launches.

mod emulated;
mod gemm;
mod interface;
mod nvidia;
mod planned;

pub use emulated::{EmulatedBuffer, EmulatedDevice, EmulatedRecording, Order};
pub use gemm::LARGE_PRODUCT;
pub use interface::{Arg, Device, Element, Gemm, Memory, Operand, Syrk};
pub use nvidia::{NvidiaBuffer, NvidiaDevice, NvidiaRecording, Products, cublas, nvrtc};
pub use planned::{KernelCount, Plan, PlannedBuffer, PlannedDevice, PlannedRecording};
