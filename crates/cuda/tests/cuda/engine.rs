//! Whole networks, run by the emulator, against the CPU's.

use crate::host_compiler;
use crate::network;

use minima_cuda::EmulatedDevice;
use minima_cuda::device::Order;
use minima_cuda::sources::SOURCES;

#[test]
fn networks_agree_with_the_cpu() {
    match EmulatedDevice::start() {
        Ok(_) => network::check(&|| EmulatedDevice::start().unwrap()),
        Err(error) => host_compiler::skip(&error),
    }
}

#[test]
fn operations_agree_with_the_cpu() {
    match EmulatedDevice::start() {
        Ok(_) => network::operations::check(&|| EmulatedDevice::start().unwrap()),
        Err(error) => host_compiler::skip(&error),
    }
}

/// With threads and blocks in descending order, which finds races.
#[test]
fn operations_agree_with_the_cpu_in_descending_order() {
    let descending = || EmulatedDevice::start_with(SOURCES, Order::Descending);
    match descending() {
        Ok(_) => network::operations::check(&|| descending().unwrap()),
        Err(error) => host_compiler::skip(&error),
    }
}

#[test]
fn the_zoo_agrees_with_the_cpu() {
    match EmulatedDevice::start() {
        Ok(_) => network::zoo::check(&|| EmulatedDevice::start().unwrap()),
        Err(error) => host_compiler::skip(&error),
    }
}

#[test]
fn newton_type_optimizers_agree_with_the_cpu() {
    match EmulatedDevice::start() {
        Ok(_) => network::newton::check(&|| EmulatedDevice::start().unwrap()),
        Err(error) => host_compiler::skip(&error),
    }
}

#[test]
fn the_compiler_can_be_required() {
    host_compiler::check_that_it_can_be_required("engine::networks_agree_with_the_cpu");
}
