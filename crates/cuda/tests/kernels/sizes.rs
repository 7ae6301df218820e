//! Sizes of zero, and sizes that are too large.

use super::arrays::{download, stale, upload};
use minima_autodiff::Conv2dSpec;
use minima_cuda::linalg::{Cholesky, Gram, scale};
use minima_cuda::ops::{Conv2d, Dense, advance};
use minima_cuda::{Device, Slice, Write};

/// No image, no column or no number: nothing happens, and no error.
pub fn nothing<D: Device>(device: &D) {
    let none = stale(device, 0);
    let none = Slice::all(&none);
    scale(device, 2.0, none).unwrap();

    let conv = Conv2d::new(Conv2dSpec::same(2, 3), [4, 4, 1]).unwrap();
    let (params, gradient, work) =
        (stale(device, conv.params()), stale(device, conv.params()), stale(device, conv.workspace()));
    let (params, to, work) = (Slice::all(&params), Slice::all(&gradient), Slice::all(&work));
    conv.forward(device, 0, none, params, none, true).unwrap();
    conv.vjp_params(device, 0, none, none, to, work).unwrap();
    assert!(download(device, &gradient).iter().all(|&g| g == 0.0));

    let dense = Dense::new(5, 3).unwrap();
    let gradient = stale(device, dense.params());
    dense.vjp_params(device, 0, none, none, Slice::all(&gradient)).unwrap();
    assert!(download(device, &gradient).iter().all(|&g| g == 0.0));

    let gram = stale(device, 9);
    Gram { order: 3 }.product(device, none, 0, Slice::all(&gram), Write::Store).unwrap();
    Gram { order: 0 }.product(device, none, 7, none, Write::Store).unwrap();
    let status = device.zeros::<u32>(1).unwrap();
    Cholesky { order: 0, sides: 1 }.solve(device, none, none, none, Slice::all(&status)).unwrap();
}

/// A size that does not fit a kernel's `int` is rejected before any launch.
pub fn too_much<D: Device>(device: &D) {
    let counter = upload(device, &[7_u32]);
    let error = advance(device, Slice::all(&counter), 1 << 31).unwrap_err();
    assert_eq!(error.to_string(), "advance: 2147483648 exceeds 2147483647, the limit of indices in kernels");
    assert_eq!(download(device, &counter), [7]);
    let error = Slice::<D, u32>::range(&counter, 0..2).err().unwrap();
    assert_eq!(error.to_string(), "the end of a slice: found 2 numbers, expected 1");
}
