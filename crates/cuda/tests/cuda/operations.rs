//! Every kernel, run by the emulator, against the CPU's operation.

use crate::host_compiler;
use crate::kernels;

use minima_cuda::EmulatedDevice;
use minima_cuda::device::Order;
use minima_cuda::sources::SOURCES;
use std::time::Instant;

/// The emulator; `None` if the test is skipped because this computer has no compiler.
fn emulator(order: Order) -> Option<EmulatedDevice> {
    match EmulatedDevice::start_with(SOURCES, order) {
        Ok(device) => Some(device),
        Err(error) => {
            host_compiler::skip(&error);
            None
        }
    }
}

fn agree_with_the_cpu(order: Order) {
    let Some(device) = emulator(order) else { return };
    for (name, test) in kernels::all::<EmulatedDevice>() {
        eprintln!("{name}");
        let start = Instant::now();
        test(&device);
        eprintln!("{name}: {:.2} s", start.elapsed().as_secs_f64());
    }
}

#[test]
fn kernels_agree_with_the_cpu() {
    agree_with_the_cpu(Order::Ascending);
}

/// With threads and blocks in descending order. A kernel in which one thread needs another thread's result without a
/// barrier fails in one of the two orders.
#[test]
fn kernels_agree_with_the_cpu_in_descending_order() {
    agree_with_the_cpu(Order::Descending);
}

/// No bit depends on the order in which threads and blocks run.
#[test]
fn no_bit_depends_on_the_order() {
    let [Some(ascending), Some(descending)] = [Order::Ascending, Order::Descending].map(emulator) else { return };
    let bits = |device| kernels::mean_direction(device).into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(&ascending), bits(&descending));
}

#[test]
fn the_compiler_can_be_required() {
    host_compiler::check_that_it_can_be_required("operations::kernels_agree_with_the_cpu");
}
