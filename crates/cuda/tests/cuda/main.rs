//! Tests of CUDA kernels, engines and devices.
#![cfg(test)]

#[path = "../device_contract/mod.rs"]
mod device_contract;
mod emulator;
mod engine;
mod host_compiler;
#[path = "../kernels/mod.rs"]
mod kernels;
#[path = "../network/mod.rs"]
mod network;
mod nvrtc;
mod operations;
mod planned;
mod products;
mod supported;
