//! The contract of devices, as tests for any device.

use minima_cuda::sources::Source;
use minima_cuda::{Arg, CudaError, Device, Memory};

/// The kernels of these tests.
pub const SOURCES: &[Source] = &[Source {
    name: "contract.cu",
    text: include_str!("contract.cu"),
    kernels: &["affine", "next", "row_sums_f32", "row_sums_f64", "places", "reverse"],
}];

/// All tests of the contract.
pub fn check<D: Device>(device: &D) {
    buffers(device);
    arguments(device);
    offsets(device);
    shared_memory(device);
    three_dimensions(device);
    recordings(device);
    refusals(device);
    refusals_while_recording(device);
}

fn buffers<D: Device>(device: &D) {
    for len in [0, 1, 1000] {
        let mut buffer = device.zeros::<f64>(len).unwrap();
        assert_eq!((buffer.len(), buffer.is_empty()), (len, len == 0));
        let mut back = vec![1.0; len];
        device.download(&buffer, &mut back).unwrap();
        assert!(back.iter().all(|&x| x == 0.0));
        let numbers: Vec<f64> = (0..len).map(|i| (i as f64).sqrt()).collect();
        device.upload(&numbers, &mut buffer).unwrap();
        device.download(&buffer, &mut back).unwrap();
        assert_eq!(back, numbers);
    }
}

fn arguments<D: Device>(device: &D) {
    let x: Vec<f32> = (0..300).map(|i| i as f32).collect();
    let mut from = device.zeros(300).unwrap();
    device.upload(&x, &mut from).unwrap();
    let to = device.zeros::<f32>(300).unwrap();
    let args =
        [Arg::F32(&from, 0, from.len()), Arg::F32(&to, 0, to.len()), Arg::Float(0.5), Arg::Double(-3.0), Arg::Int(300)];
    device.launch("affine", [3, 1, 1], [128, 1, 1], &args).unwrap();
    assert_eq!(downloaded::<D, 300>(device, &to), std::array::from_fn(|i| 0.5 * i as f32 - 3.0));
}

fn offsets<D: Device>(device: &D) {
    let mut numbers = device.zeros::<u32>(10).unwrap();
    device.upload(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], &mut numbers).unwrap();
    device
        .launch(
            "next",
            [1, 1, 1],
            [32, 1, 1],
            &[Arg::U32(&numbers, 1, numbers.len() - 1), Arg::U32(&numbers, 6, numbers.len() - 6), Arg::Int(4)],
        )
        .unwrap();
    let mut back = [0; 10];
    device.download(&numbers, &mut back).unwrap();
    assert_eq!(back, [0, 1, 2, 3, 4, 5, 2, 3, 4, 5]);
}

fn shared_memory<D: Device>(device: &D) {
    let x: Vec<f64> = (0..3 * 1001).map(|i| f64::from(i % 17)).collect();
    let expected: Vec<f64> = x.chunks(1001).map(|row| row.iter().sum()).collect();
    let mut from = device.zeros(x.len()).unwrap();
    device.upload(&x, &mut from).unwrap();
    let sums = device.zeros::<f64>(3).unwrap();
    let args = [Arg::F64(&from, 0, from.len()), Arg::F64(&sums, 0, sums.len()), Arg::Int(1001)];
    device.launch("row_sums_f64", [3, 1, 1], [64, 1, 1], &args).unwrap();
    let mut back = [0.0; 3];
    device.download(&sums, &mut back).unwrap();
    assert_eq!(back.as_slice(), expected);

    let x: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    let mut from = device.zeros(x.len()).unwrap();
    device.upload(&x, &mut from).unwrap();
    let sums = device.zeros::<f32>(3).unwrap();
    let args = [Arg::F32(&from, 0, from.len()), Arg::F32(&sums, 0, sums.len()), Arg::Int(1001)];
    device.launch("row_sums_f32", [3, 1, 1], [64, 1, 1], &args).unwrap();
    let expected: Vec<f32> = expected.iter().map(|&sum| sum as f32).collect();
    assert_eq!(downloaded::<D, 3>(device, &sums).as_slice(), expected);
}

fn three_dimensions<D: Device>(device: &D) {
    let to = device.zeros::<u32>(24 * 30).unwrap();
    device.launch("places", [2, 3, 4], [3, 5, 2], &[Arg::U32(&to, 0, to.len())]).unwrap();
    let mut back = vec![0; 24 * 30];
    device.download(&to, &mut back).unwrap();
    for (at, found) in back.iter().enumerate() {
        assert_eq!(*found as usize, 10 * at + at % 30 / 15);
    }
}

fn recordings<D: Device>(device: &D) {
    let mut x = device.zeros::<f32>(128).unwrap();
    let start: [f32; 128] = std::array::from_fn(|i| i as f32);
    device.upload(&start, &mut x).unwrap();
    let recording = device
        .record(|| {
            let args =
                [Arg::F32(&x, 0, x.len()), Arg::F32(&x, 0, x.len()), Arg::Float(2.0), Arg::Double(1.0), Arg::Int(128)];
            device.launch("affine", [1, 1, 1], [128, 1, 1], &args)?;
            device.launch("reverse", [1, 1, 1], [128, 1, 1], &[Arg::F32(&x, 0, x.len())])
        })
        .unwrap();
    assert_eq!(downloaded::<D, 128>(device, &x), start, "a recording does not run");
    device.replay(&recording).unwrap();
    assert_eq!(downloaded::<D, 128>(device, &x), std::array::from_fn(|i| 2.0 * (127.0 - i as f32) + 1.0));
    device.replay(&recording).unwrap();
    assert_eq!(downloaded::<D, 128>(device, &x), std::array::from_fn(|i| 2.0 * (2.0 * i as f32 + 1.0) + 1.0));
    device.synchronize().unwrap();
    // A recording keeps its memory alive.
    drop(x);
    device.replay(&recording).unwrap();
    device.synchronize().unwrap();
}

fn refusals<D: Device>(device: &D) {
    let mut x = device.zeros::<f32>(4).unwrap();
    let length = |result| matches!(result, Err(CudaError::Length { found: 3, expected: 4, .. }));
    assert!(length(device.upload(&[0.0; 3], &mut x)));
    assert!(length(device.download(&x, &mut [0.0; 3])));
    let unknown = device.launch("unknown", [1, 1, 1], [1, 1, 1], &[]);
    assert!(matches!(unknown, Err(CudaError::UnknownKernel { .. })));
    let launch = |grid, block, args: &[Arg<'_, D>]| {
        let refused = device.launch("reverse", grid, block, args);
        assert!(matches!(refused, Err(CudaError::Launch { .. })), "{grid:?} {block:?} {refused:?}");
    };
    launch([0, 1, 1], [128, 1, 1], &[Arg::F32(&x, 0, x.len())]);
    launch([1, 65_536, 1], [128, 1, 1], &[Arg::F32(&x, 0, x.len())]);
    launch([1, 1, 1], [128, 0, 1], &[Arg::F32(&x, 0, x.len())]);
    launch([1, 1, 1], [32, 33, 1], &[Arg::F32(&x, 0, x.len())]);
    launch([1, 1, 1], [128, 1, 1], &[Arg::F32(&x, 5, 0)]);
    launch([1, 1, 1], [128, 1, 1], &[Arg::F32(&x, 1, 4)]);
    launch([1, 1, 1], [128, 1, 1], &[]);
    launch([1, 1, 1], [128, 1, 1], &[Arg::F32(&x, 0, x.len()), Arg::Int(1)]);
    launch([1, 1, 1], [128, 1, 1], &[Arg::Int(1)]);
    launch([1, 1, 1], [128, 1, 1], &[Arg::Float(1.0)]);
}

fn refusals_while_recording<D: Device>(device: &D) {
    let x = device.zeros::<f32>(128).unwrap();
    let reverse = || device.launch("reverse", [1, 1, 1], [128, 1, 1], &[Arg::F32(&x, 0, x.len())]);
    let earlier = device.record(reverse).unwrap();
    let refused = |result| assert!(matches!(result, Err(CudaError::Recording { .. })));
    let recording = device
        .record(|| {
            refused(device.zeros::<f32>(1).map(drop));
            refused(device.download(&x, &mut [0.0; 128]));
            refused(device.synchronize());
            refused(device.replay(&earlier));
            refused(device.record(|| Ok(())).map(drop));
            reverse()
        })
        .unwrap();
    device.replay(&recording).unwrap();
    // A failed recording leaves the device unchanged, even if memory was freed during the recording.
    let y = device.zeros::<f32>(128).unwrap();
    let failed = device.record(|| {
        reverse()?;
        drop(y);
        device.launch("unknown", [1, 1, 1], [1, 1, 1], &[])
    });
    assert!(matches!(failed, Err(CudaError::UnknownKernel { .. })));
    reverse().unwrap();
    device.synchronize().unwrap();
}

fn downloaded<D: Device, const N: usize>(device: &D, buffer: &D::Buffer<f32>) -> [f32; N] {
    let mut numbers = [0.0; N];
    device.download(buffer, &mut numbers).unwrap();
    numbers
}
