//! Whole networks, run by the emulator, against the CPU's.
#![cfg(test)]

mod network;

use minima_cuda::{CudaError, EmulatedDevice};

#[test]
fn networks_agree_with_the_cpu() {
    match EmulatedDevice::start() {
        Ok(_) => network::check(&|| EmulatedDevice::start().unwrap()),
        Err(error @ CudaError::Missing { .. }) => eprintln!("skipped: {error}"),
        Err(error) => panic!("{error}"),
    }
}
