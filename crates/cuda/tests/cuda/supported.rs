//! Every operation has kernels, and sizes that do not fit are refused.

use minima_autodiff::{Conv2dSpec, Padding, PoolSpec, Pooling, Rearrangement, paper_cnn};
use minima_cuda::engine::check_supported;
use minima_cuda::ops::{Collect, Conv2d, PoolWindow};
use minima_cuda::{CudaError, EmulatedDevice};
use minima_network::NetworkSpec;

use crate::host_compiler;

#[test]
fn the_networks_of_the_zoo_have_kernels() {
    check_supported(&paper_cnn([28, 28, 1], 10).unwrap()).unwrap();
    for name in NetworkSpec::names() {
        check_supported(&NetworkSpec::named(name, &[]).unwrap().graph().unwrap()).unwrap();
    }
}

fn refused<T>(result: Result<T, CudaError>) -> String {
    match result {
        Err(CudaError::Shape { what, .. }) => what.to_owned(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("accepted"),
    }
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let conv = |spec| refused(Conv2d::new(spec, [6, 6, 4]));
    let same = Conv2dSpec::same(4, 3);
    assert_eq!(conv(Conv2dSpec { groups: 3, ..same }), "conv2d");
    assert_eq!(conv(Conv2dSpec { groups: 0, ..same }), "conv2d");
    assert_eq!(conv(Conv2dSpec { dilation: [0, 1], ..same }), "conv2d");
    assert_eq!(conv(Conv2dSpec { dilation: [3, 1], padding: Padding::Valid, ..same }), "conv2d");
    let PoolSpec { window: size, stride, .. } = PoolSpec::new([2, 2], [2, 2]);
    let padding = Padding::Explicit { low: [2, 0], high: [0, 0] };
    let pooling = Pooling { size, stride, padding, count_padding: true, input: [6, 6, 1] };
    assert_eq!(refused(PoolWindow::of(pooling)), "pooling");
    let device = match EmulatedDevice::start() {
        Ok(device) => device,
        Err(error) => return host_compiler::skip(&error),
    };
    let rearrange = |description| refused(Collect::rearranged(&device, &description));
    let shape = vec![2, 3];
    assert_eq!(rearrange(Rearrangement::Transpose { shape: shape.clone(), axes: vec![0, 0] }), "rearrangement");
    assert_eq!(rearrange(Rearrangement::Slice { shape: shape.clone(), axis: 2, range: 0..0 }), "rearrangement");
    assert_eq!(rearrange(Rearrangement::Slice { shape, axis: 1, range: 1..4 }), "rearrangement");
    assert_eq!(refused(Collect::over_axes(&device, &[2, 3], &[2], true)), "reduction");
}
