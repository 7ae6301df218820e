//! Whole networks, run by the emulator, against the CPU's.
#![cfg(test)]

mod host_compiler;
mod network;

use minima_cuda::EmulatedDevice;

#[test]
fn networks_agree_with_the_cpu() {
    match EmulatedDevice::start() {
        Ok(_) => network::check(&|| EmulatedDevice::start().unwrap()),
        Err(error) => host_compiler::skip(&error),
    }
}

#[test]
fn the_compiler_can_be_required() {
    host_compiler::check_that_it_can_be_required("networks_agree_with_the_cpu");
}
