//! A GPU keeps a device's promises. Without one these tests say that they were skipped.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(feature = "gpu-tests")]

#[path = "../device_contract/mod.rs"]
mod device_contract;

use minima_cuda::sources::{SOURCES, Source};
use minima_cuda::{CudaError, NvidiaDevice};

/// The first GPU, or none on a machine that has none.
fn gpu(sources: &[Source]) -> Option<NvidiaDevice> {
    match NvidiaDevice::open_with(0, sources) {
        Ok(device) => Some(device),
        Err(error @ CudaError::Missing { .. }) => {
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn it_keeps_the_contract() {
    if let Some(device) = gpu(device_contract::SOURCES) {
        println!("{}", device.describe());
        device_contract::check(&device);
    }
}

#[test]
fn it_loads_all_kernels() {
    if let Some(device) = gpu(SOURCES) {
        println!("{}", device.describe());
    }
}
