//! NVRTC compiles every source without a warning for all supported architectures. Without NVRTC these tests are skipped
//! and say so.

use crate::device_contract;
use minima_cuda::device::nvrtc::{self, Parameter};
use minima_cuda::sources::{SOURCES, Source};
use minima_cuda::{CudaError, Missing, NvidiaDevice};
use std::time::Instant;

/// Turing, Ampere, Hopper, and PTX for Blackwell.
const ARCHITECTURES: [&str; 4] = ["sm_75", "sm_80", "sm_90", "compute_120"];

/// Whether NVRTC is missing, which is a failure if `MINIMA_REQUIRE_NVRTC` is set.
fn skipped() -> bool {
    match nvrtc::version() {
        Ok((major, minor)) => println!("NVRTC {major}.{minor}"),
        Err(error) if std::env::var_os("MINIMA_REQUIRE_NVRTC").is_some() => panic!("{error}"),
        Err(error) => {
            println!("skipped: {error}");
            return true;
        }
    }
    false
}

#[test]
fn every_source_compiles_without_warnings() {
    if skipped() {
        return;
    }
    for architecture in ARCHITECTURES {
        let start = Instant::now();
        let sources = [SOURCES, device_contract::SOURCES].concat();
        let compiled = nvrtc::compile_all(&sources, architecture).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(compiled.len(), sources.len());
        for (source, compiled) in sources.iter().zip(compiled) {
            assert!(compiled.log.is_empty(), "{} for {architecture}: {}", source.name, compiled.log);
            assert!(!compiled.image.is_empty());
            let mut listed = source.kernels.to_vec();
            listed.sort_unstable();
            let found: Vec<&str> = compiled.kernels.iter().map(|kernel| kernel.name.as_str()).collect();
            assert_eq!(found, listed, "the kernels of {}", source.name);
        }
        println!("{architecture}: {} sources in {:?}", sources.len(), start.elapsed());
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = SOURCES.iter().flat_map(|source| source.kernels).copied().collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn parameters_are_known() {
    if skipped() {
        return;
    }
    for architecture in ARCHITECTURES {
        let compiled = nvrtc::compile(&device_contract::SOURCES[0], architecture).unwrap();
        let parameters = |name: &str| {
            let kernel = compiled.kernels.iter().find(|kernel| kernel.name == name).unwrap();
            kernel.parameters.clone()
        };
        use Parameter::{Double, Float, Int, Pointer};
        assert_eq!(parameters("affine"), [Pointer, Pointer, Float, Double, Int]);
        assert_eq!(parameters("reverse"), [Pointer]);
    }
}

#[test]
fn mistakes_and_warnings_are_told() {
    if skipped() {
        return;
    }
    let source = |text| Source { name: "broken.cu", text, kernels: &["broken"] };
    let broken = source("extern \"C\" __global__ void broken(float* x) {\n    x[0] = y;\n}\n");
    match nvrtc::compile(&broken, "sm_90") {
        Err(CudaError::Compile { source_name, target, log }) => {
            assert_eq!((source_name.as_str(), target.as_deref()), ("broken.cu", Some("sm_90")));
            assert!(log.contains("broken.cu(2)") && log.contains('y'), "{log}");
        }
        other => panic!("{other:?}"),
    }
    let warned = source("extern \"C\" __global__ void broken(float* x) {\n    int unused;\n    x[0] = 1.0f;\n}\n");
    let log = nvrtc::compile(&warned, "sm_90").unwrap().log;
    assert!(log.contains("unused"), "{log}");
    assert!(matches!(nvrtc::compile(&warned, "sm_1"), Err(CudaError::Compile { .. })));
}

#[test]
fn the_best_architecture_is_chosen() {
    if skipped() {
        return;
    }
    assert_eq!(nvrtc::architecture_for(90).unwrap(), "sm_90");
    // A future GPU takes PTX.
    assert!(nvrtc::architecture_for(9990).unwrap().starts_with("compute_"));
    assert!(matches!(nvrtc::architecture_for(20), Err(CudaError::Missing { missing: Missing::Nvrtc, .. })));
}

#[test]
fn a_machine_without_a_gpu_is_told_what_it_lacks() {
    if NvidiaDevice::count() == 0 {
        assert!(!NvidiaDevice::available());
        match NvidiaDevice::open(0) {
            Err(error @ CudaError::Missing { missing: Missing::Driver | Missing::Device, .. }) => println!("{error}"),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it opens"),
        }
    }
}
