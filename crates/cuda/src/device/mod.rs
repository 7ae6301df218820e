//! The interface of devices: memory, launches, and recordings of launches.

mod emulated;
mod gemm;
mod interface;
mod nvidia;
mod planned;

pub use emulated::{EmulatedBuffer, EmulatedDevice, EmulatedRecording, Order};
pub use gemm::{Gemm, LARGE_PRODUCT, Operand, Syrk};
pub use interface::{Arg, Device, Element, Memory};
pub use nvidia::{NvidiaBuffer, NvidiaDevice, NvidiaRecording, Products, cublas, nvrtc};
pub use planned::{KernelCount, Plan, PlannedBuffer, PlannedDevice, PlannedRecording};
