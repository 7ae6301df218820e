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
use minima_cuda::{CudaError, NvidiaDevice};

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

#[test]
fn kernels_agree_with_the_cpu() {
    let Some(device) = gpu(SOURCES) else { return };
    for (name, test) in kernels::all::<NvidiaDevice>() {
        println!("{name}");
        test(&device);
    }
}

#[test]
fn the_same_bits_come_every_time() {
    let Some(device) = gpu(SOURCES) else { return };
    let bits = || kernels::mean_direction(&device).into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(), bits());
}

#[test]
fn networks_agree_with_the_cpu() {
    if gpu(SOURCES).is_some() {
        network::check(&|| gpu(SOURCES).unwrap());
    }
}
