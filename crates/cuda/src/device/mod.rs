//! The interface of devices: memory, launches, and recordings of launches.

mod emulated;
mod interface;
mod nvidia;
mod planned;

pub use emulated::{EmulatedBuffer, EmulatedDevice, EmulatedRecording, Order};
pub use interface::{Arg, Device, Element, Memory};
pub use nvidia::{NvidiaBuffer, NvidiaDevice, NvidiaRecording, nvrtc};
pub use planned::{KernelCount, Plan, PlannedBuffer, PlannedDevice, PlannedRecording};
