//! Products by the library of a device: every kernel's operation, every operation in a network, and whole networks and their
//! training, against the CPU, with a library that computes all products. In the emulator it is a stand-in for cuBLAS.

use crate::host_compiler;
use crate::kernels;
use crate::network;

use minima_cuda::EmulatedDevice;
use minima_cuda::device::Order;
use minima_cuda::sources::SOURCES;

/// The emulator with a library for all products; `None` if the test is skipped because this computer has no compiler.
fn emulator() -> Option<EmulatedDevice> {
    match EmulatedDevice::start() {
        Ok(device) => Some(device.with_products_from(1)),
        Err(error) => {
            host_compiler::skip(&error);
            None
        }
    }
}

#[test]
fn kernels_agree_with_the_cpu() {
    let Some(device) = emulator() else { return };
    let with_products = ["dense", "gram", "products", "gauss_newton", "sizes", "conv2d"];
    for (name, test) in kernels::all::<EmulatedDevice>() {
        if with_products.iter().any(|start| name.starts_with(start)) {
            eprintln!("{name}");
            test(&device);
        }
    }
}

#[test]
fn networks_agree_with_the_cpu() {
    if emulator().is_some() {
        network::check(&|| emulator().unwrap());
    }
}

/// With threads and blocks in descending order, which finds races.
#[test]
fn operations_agree_with_the_cpu_in_descending_order() {
    let descending = || EmulatedDevice::start_with(SOURCES, Order::Descending);
    match descending() {
        Ok(_) => network::operations::check(&|| descending().unwrap().with_products_from(1)),
        Err(error) => host_compiler::skip(&error),
    }
}

#[test]
fn the_zoo_agrees_with_the_cpu() {
    if emulator().is_some() {
        network::zoo::check(&|| emulator().unwrap());
    }
}

#[test]
fn newton_type_optimizers_agree_with_the_cpu() {
    if emulator().is_some() {
        network::newton::check(&|| emulator().unwrap());
    }
}
