//! The emulator fulfils the contract of devices and finds the errors that it is meant to find.

use crate::device_contract;
use crate::host_compiler;

use minima_cuda::device::Order;
use minima_cuda::sources::Source;
use minima_cuda::{Arg, CudaError, Device, EmulatedDevice, Memory};

const FAULTS: &[Source] = &[Source {
    name: "faults.cu",
    text: include_str!("faults.cu"),
    kernels: &[
        "write_beyond",
        "read_beyond",
        "half_a_barrier",
        "two_barriers",
        "shift_with_race",
        "shift",
        "race_of_blocks",
        "unwritten_shared",
        "beyond_shared",
        "barriers",
    ],
}];

/// The emulator; `None` if the test is skipped because this computer has no compiler.
fn emulator(sources: &[Source], order: Order) -> Option<EmulatedDevice> {
    match EmulatedDevice::start_with(sources, order) {
        Ok(device) => Some(device),
        Err(error) => {
            host_compiler::skip(&error);
            None
        }
    }
}

const ORDERS: [Order; 2] = [Order::Ascending, Order::Descending];

#[test]
fn it_keeps_the_contract_in_both_orders() {
    for order in ORDERS {
        if let Some(device) = emulator(device_contract::SOURCES, order) {
            device_contract::check(&device);
        }
    }
}

/// The error of one launch, which all later calls must return too.
fn report(kernel: &'static str, threads: u32, more: &[i32]) -> Option<String> {
    let device = emulator(FAULTS, Order::Ascending)?;
    let x = device.zeros::<f32>(8).unwrap();
    let mut args = vec![Arg::F32(&x, 0, x.len())];
    args.extend(more.iter().map(|&number| Arg::Int(number)));
    let error = device.launch(kernel, [1, 1, 1], [threads, 1, 1], &args).unwrap_err();
    assert!(matches!(error, CudaError::Emulator { .. }), "{error}");
    let later = device.download(&x, &mut [0.0; 8]).unwrap_err();
    assert!(later.to_string().contains("the emulator has ended"), "{later}");
    let error = error.to_string();
    println!("{error}\n");
    assert!(error.contains(kernel) && error.contains("faults.cu"), "{error}");
    Some(error)
}

#[test]
fn a_write_beyond_the_end_is_reported_with_its_place() {
    let Some(report) = report("write_beyond", 32, &[8]) else { return };
    assert!(report.contains("heap-buffer-overflow") && report.contains("WRITE of size 4"), "{report}");
    assert!(report.contains("faults.cu:5") && report.contains("thread (8, 0, 0) of (32, 1, 1)"), "{report}");
}

#[test]
fn a_read_beyond_the_end_is_reported() {
    let Some(device) = emulator(FAULTS, Order::Ascending) else { return };
    let x = device.zeros::<f64>(3).unwrap();
    let y = device.zeros::<f64>(1).unwrap();
    let args = [Arg::F64(&x, 0, x.len()), Arg::F64(&y, 0, y.len()), Arg::Int(3)];
    let error = device.launch("read_beyond", [1, 1, 1], [1, 1, 1], &args).unwrap_err().to_string();
    assert!(error.contains("READ of size 8") && error.contains("faults.cu:9"), "{error}");
}

#[test]
fn memory_beyond_a_shared_array_is_reported() {
    let Some(report) = report("beyond_shared", 8, &[1]) else { return };
    assert!(report.contains("global-buffer-overflow") || report.contains("runtime error"), "{report}");
}

#[test]
fn a_barrier_that_some_threads_do_not_reach_is_reported() {
    let Some(report) = report("half_a_barrier", 8, &[]) else { return };
    assert!(report.contains("divergent barrier: only 4 of 8 threads reach the barrier at faults.cu:14"), "{report}");
}

#[test]
fn two_barriers_at_once_are_reported() {
    let Some(report) = report("two_barriers", 8, &[]) else { return };
    assert!(report.contains("divergent barrier: some threads are at faults.cu:23, others at faults.cu:25"), "{report}");
}

/// The kernel's result on 0, 1, …, 7, in one order.
fn result(kernel: &'static str, grid: u32, len: usize, order: Order) -> Option<Vec<f32>> {
    let device = emulator(FAULTS, order)?;
    let mut x = device.zeros::<f32>(len).unwrap();
    let mut numbers: Vec<f32> = (0..len).map(|i| i as f32).collect();
    device.upload(&numbers, &mut x).unwrap();
    device.launch(kernel, [grid, 1, 1], [8, 1, 1], &[Arg::F32(&x, 0, x.len())]).unwrap();
    device.download(&x, &mut numbers).unwrap();
    Some(numbers)
}

#[test]
fn races_show_in_the_other_order() {
    let both = |kernel, grid| ORDERS.map(|order| result(kernel, grid, 8, order));
    let [Some(up), Some(down)] = both("shift_with_race", 1) else { return };
    assert_ne!(up, down);
    let [up, down] = both("race_of_blocks", 3);
    assert_ne!(up, down);
    let [up, down] = both("shift", 1);
    assert_eq!(up, down);
}

#[test]
fn shared_memory_is_not_a_number_before_it_is_written() {
    let Some(x) = result("unwritten_shared", 2, 16, Order::Ascending) else { return };
    assert_eq!(x[..8], [3.0; 8]);
    assert!(x[8..].iter().all(|x| x.is_nan()));
}

/// The kernel rotates its array by one place fifty times, and the emulator runs its four blocks one after another.
#[test]
fn many_barriers_keep_all_threads_in_step() {
    for order in ORDERS {
        let Some(device) = emulator(FAULTS, order) else { return };
        let mut numbers: Vec<f32> = (0..1024_u16).map(f32::from).collect();
        let mut x = device.zeros::<f32>(1024).unwrap();
        device.upload(&numbers, &mut x).unwrap();
        let mut expected = numbers.clone();
        expected.rotate_left(4 * 50);
        device.launch("barriers", [4, 1, 1], [1024, 1, 1], &[Arg::F32(&x, 0, x.len()), Arg::Int(50)]).unwrap();
        device.download(&x, &mut numbers).unwrap();
        assert_eq!(numbers, expected);
    }
}

#[test]
fn the_compiler_can_be_required() {
    host_compiler::check_that_it_can_be_required("emulator::a_read_beyond_the_end_is_reported");
}

#[test]
fn a_source_that_does_not_compile_is_reported() {
    let sources = |text, kernels| [Source { name: "broken.cu", text, kernels }];
    for broken in [
        sources("extern \"C\" __global__ void broken(float* x) { x[0] = y; }", &["broken"]),
        // A warning is an error.
        sources("extern \"C\" __global__ void broken(float* x, int n) { x[0] = 1.0f; }", &["broken"]),
    ] {
        match EmulatedDevice::start_with(&broken, Order::Ascending) {
            Err(CudaError::Compile { source_name, log, .. }) => {
                assert_eq!(source_name, "broken.cu");
                assert!(log.contains("broken.cu:1"), "{log}");
            }
            Err(other) => host_compiler::skip(&other),
            Ok(_) => panic!("it compiles"),
        }
    }
}
