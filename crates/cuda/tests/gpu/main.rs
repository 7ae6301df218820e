//! A GPU fulfils the contract of devices, and its kernels agree with the CPU's operations. Without a GPU these tests
//! are skipped and say so.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(feature = "gpu-tests")]

#[path = "../device_contract/mod.rs"]
mod device_contract;
#[path = "../kernels/mod.rs"]
mod kernels;
#[path = "../network/mod.rs"]
mod network;

use minima_cuda::sources::{SOURCES, Source};
use minima_cuda::{CudaError, Device, NvidiaDevice};
use std::panic::AssertUnwindSafe;
use std::time::Instant;

/// The first GPU; `None` if the machine has no GPU and the test is skipped.
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

/// Tells the result and the time of every kernel's test, also after one that fails. `MINIMA_KERNELS`, if it is set, names the
/// tests that run: the beginnings of their names, separated by commas.
#[test]
fn kernels_agree_with_the_cpu() {
    let Some(device) = gpu(SOURCES) else { return };
    let wanted = std::env::var("MINIMA_KERNELS").unwrap_or_default();
    let mut failed = Vec::new();
    for (name, test) in kernels::all::<NvidiaDevice>() {
        if !wanted.split(',').any(|start| name.starts_with(start)) {
            continue;
        }
        let start = Instant::now();
        let passed = std::panic::catch_unwind(AssertUnwindSafe(|| test(&device))).is_ok();
        println!("{name}: {} in {:.2} s", if passed { "ok" } else { "FAILED" }, start.elapsed().as_secs_f64());
        if !passed {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "failed: {}", failed.join(", "));
}

#[test]
fn the_same_bits_come_every_time() {
    let Some(device) = gpu(SOURCES) else { return };
    let bits = || kernels::mean_direction(&device).into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(), bits());
}

/// The first GPU with cuBLAS for all products; `None` if the machine lacks one of them and the test is skipped.
fn gpu_with_library() -> Option<NvidiaDevice> {
    match NvidiaDevice::open(0) {
        Ok(device) if device.products_from().is_some() => {
            println!("{}", device.describe());
            Some(device.with_products_from(1))
        }
        Ok(device) => {
            println!("skipped: {}", device.describe());
            None
        }
        Err(error @ CudaError::Missing { .. }) => {
            println!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Kernels, operations, networks and their training, with cuBLAS for all products, however small.
#[test]
fn products_of_cublas_agree_with_the_cpu() {
    let Some(device) = gpu_with_library() else { return };
    for (name, test) in kernels::all::<NvidiaDevice>() {
        println!("{name}");
        test(&device);
    }
    let bits = || kernels::mean_direction(&device).into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(), bits());
    let open = || gpu_with_library().unwrap();
    network::check(&open);
    network::operations::check(&open);
    network::zoo::check(&open);
}

#[test]
fn networks_agree_with_the_cpu() {
    if gpu(SOURCES).is_some() {
        network::check(&|| gpu(SOURCES).unwrap());
    }
}

#[test]
fn operations_agree_with_the_cpu() {
    if gpu(SOURCES).is_some() {
        network::operations::check(&|| gpu(SOURCES).unwrap());
    }
}

#[test]
fn the_zoo_agrees_with_the_cpu() {
    if gpu(SOURCES).is_some() {
        network::zoo::check(&|| gpu(SOURCES).unwrap());
    }
}

#[test]
fn newton_type_optimizers_agree_with_the_cpu() {
    if gpu(SOURCES).is_some() {
        network::newton::check(&|| gpu(SOURCES).unwrap());
    }
}
