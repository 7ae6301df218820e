//! The device that counts: launches, bytes and memory, and the same refusals as other devices.

use minima_autodiff::Conv2dSpec;
use minima_cuda::device::{LARGE_PRODUCT, PlannedDevice};
use minima_cuda::linalg::Gram;
use minima_cuda::ops::{Conv2d, Dense, Relu};
use minima_cuda::{Columns, CudaError, Device, Slice, Write};
use std::collections::BTreeSet;

#[test]
fn launches_and_bytes_are_counted() {
    let device = PlannedDevice::new();
    let dense = Dense::new(5, 3).unwrap();
    let (x, params, y) = (device.zeros(5 * 4).unwrap(), device.zeros(18).unwrap(), device.zeros(3 * 4).unwrap());
    let forward = || dense.forward(&device, 4, Slice::all(&x), Slice::all(&params), Slice::all(&y), false);
    forward().unwrap();
    let plan = device.plan();
    assert_eq!((plan.launches(), plan.bytes()), (1, 4 * (20 + 18 + 12)));
    // A gate that is absent repeats another argument, which counts once, and so does an argument that is read and written.
    device.restart();
    let (columns, all) = (Columns::of_images(4), Slice::all(&y));
    dense.vjp_input(&device, columns, Slice::all(&params), all, Slice::all(&x), Write::Store, None).unwrap();
    Relu { features: 3 }.gate(&device, columns, all, all, all, Write::Store).unwrap();
    assert_eq!(device.plan().kernels["dense_vjp_input"].bytes, 4 * (18 + 12 + 20));
    assert_eq!(device.plan().kernels["relu_gate"].bytes, 4 * 12);
    // A recording counts when it is replayed.
    device.restart();
    let recording = device.record(forward).unwrap();
    assert_eq!(device.plan().launches(), 0);
    device.replay(&recording).unwrap();
    device.replay(&recording).unwrap();
    assert_eq!(device.plan().launches(), 2);
}

/// A product that is large enough is the library's, if there is one.
#[test]
fn large_products_are_the_librarys() {
    // As many multiply-adds as the smallest large product.
    let (inputs, outputs, images) = (1 << 10, 1 << 7, LARGE_PRODUCT >> 17);
    let dense = Dense::new(inputs, outputs).unwrap().without_bias();
    let kernels = |device: &PlannedDevice, images: usize| -> Vec<(&'static str, u64)> {
        let numbers = [inputs * images, inputs * outputs, outputs * images];
        let [x, params, y] = numbers.map(|len| device.zeros(len).unwrap());
        device.restart();
        dense.forward(device, images, Slice::all(&x), Slice::all(&params), Slice::all(&y), false).unwrap();
        let plan = device.plan();
        assert_eq!(plan.bytes(), 4 * numbers.iter().sum::<usize>() as u64);
        plan.kernels.into_iter().map(|(name, count)| (name, count.operations)).collect()
    };
    let device = PlannedDevice::new();
    assert_eq!(kernels(&device, images), [("cublas_gemm", 2 * LARGE_PRODUCT as u64)]);
    assert_eq!(kernels(&device, images - 1), [("dense_forward", 0)]);
    assert_eq!(kernels(&PlannedDevice::new().without_library(), images), [("dense_forward", 0)]);
    // Half of a Gram matrix is computed.
    let (u, gram) = (device.zeros(1 << 20).unwrap(), device.zeros(1 << 20).unwrap());
    let product = |rows: usize| {
        let u = Slice::range(&u, 0..rows << 10).unwrap();
        device.restart();
        Gram { order: 1 << 10 }.product(&device, u, rows, Slice::all(&gram), Write::Store).unwrap();
        device.plan().kernels
    };
    assert_eq!(product(16)["cublas_syrk"].operations, (1025 << 10) * 16);
    assert_eq!(product(15)["gram_lower"].operations, 0);
}

/// The kernels of a convolution's forward pass, input cotangent and gradient.
fn kernels_of(conv: Conv2d, input: usize, images: usize) -> Vec<&'static str> {
    let device = PlannedDevice::new();
    let output: usize = conv.output().iter().product();
    let numbers = [input * images, output * images, conv.params(), conv.params(), conv.workspace()];
    let buffers = numbers.map(|len| device.zeros(len).unwrap());
    let [x, y, params, gradient, work] = buffers.each_ref().map(Slice::all);
    conv.forward(&device, images, x, params, y, false).unwrap();
    conv.vjp_input(&device, Columns::of_images(images), params, y, x, Write::Store, None).unwrap();
    conv.vjp_params(&device, images, x, y, gradient, work).unwrap();
    device.plan().kernels.into_keys().collect()
}

/// Channels and columns decide whether a convolution is a product of matrices, and how large its tiles are.
#[test]
fn wide_convolutions_are_products() {
    let kernels = |input: [usize; 3], outputs: usize, images: usize| {
        kernels_of(Conv2d::new(Conv2dSpec::same(outputs, 3), input).unwrap(), input.iter().product(), images)
    };
    let names = ["conv2d_forward", "conv2d_sum_of_parts", "conv2d_vjp_input", "conv2d_vjp_params_9"];
    assert_eq!(kernels([32, 32, 8], 16, 128), names);
    // A ResNet-20 of width 64, in its first and its last stage.
    let expected = |tile: &str, of_gradient: &str| {
        let [forward, backward] = ["forward", "vjp_input"].map(|part| format!("conv2d_implicit_{part}_{tile}"));
        let gradient = format!("conv2d_implicit_gradient_{of_gradient}");
        let alone = ["conv2d_bias_gradient", "conv2d_sum_of_parts"].map(str::to_owned);
        alone.into_iter().chain([forward, backward, gradient]).collect::<BTreeSet<_>>()
    };
    let found = |input, outputs, images| {
        kernels(input, outputs, images).into_iter().map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(found([32, 32, 64], 64, 32), expected("64_64", "64_64"));
    assert_eq!(found([32, 32, 64], 64, 128), expected("64_128", "64_64"));
    assert_eq!(found([8, 8, 256], 256, 32), expected("64_64", "128_128"));
    assert_eq!(found([8, 8, 256], 256, 288), expected("128_128", "128_128"));
    // One image has too few columns.
    assert!(kernels([8, 8, 64], 64, 1).contains(&"conv2d_forward"));
}

#[test]
fn the_peak_of_memory_is_kept() {
    let device = PlannedDevice::new();
    let first = device.zeros::<f32>(100).unwrap();
    drop(device.zeros::<f64>(200).unwrap());
    let plan = device.plan();
    assert_eq!((plan.allocated, plan.peak), (400, 2000));
    drop(first);
    device.restart();
    assert_eq!((device.plan().allocated, device.plan().peak), (0, 0));
}

#[test]
fn what_devices_refuse_is_refused() {
    let device = PlannedDevice::new();
    let x = device.zeros::<f32>(4).unwrap();
    assert!(matches!(device.launch("none", [1; 3], [1; 3], &[]), Err(CudaError::UnknownKernel { .. })));
    assert!(matches!(device.launch("fill", [0, 1, 1], [1; 3], &[]), Err(CudaError::Launch { .. })));
    assert!(matches!(device.download(&x, &mut [0.0; 3]), Err(CudaError::Length { found: 3, expected: 4, .. })));
    let allocating = device.record(|| device.zeros::<f32>(1).map(drop));
    assert!(matches!(allocating, Err(CudaError::Recording { .. })));
}
