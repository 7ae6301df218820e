//! Safetensors files made for a network of one layer.

use minima_autodiff::{Graph, GraphBuilder};
use safetensors::tensor::{Dtype, TensorView};

pub(crate) fn graph() -> Graph {
    let mut g = GraphBuilder::new(&[2]);
    let y = g.dense(g.input(), "Dense_0", 3).unwrap();
    g.finish(y).unwrap()
}

/// A tensor for a file.
pub(crate) struct Tensor {
    pub name: &'static str,
    pub dtype: Dtype,
    pub shape: Vec<usize>,
    pub bytes: Vec<u8>,
}

pub(crate) fn single(name: &'static str, shape: &[usize], numbers: &[f32]) -> Tensor {
    let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    Tensor { name, dtype: Dtype::F32, shape: shape.to_vec(), bytes }
}

pub(crate) fn double(name: &'static str, shape: &[usize], numbers: &[f64]) -> Tensor {
    let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    Tensor { name, dtype: Dtype::F64, shape: shape.to_vec(), bytes }
}

pub(crate) fn file(tensors: &[Tensor]) -> Vec<u8> {
    let views = tensors.iter().map(|t| (t.name, TensorView::new(t.dtype, t.shape.clone(), &t.bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

pub(crate) fn bias() -> Tensor {
    single("Dense_0.bias", &[3], &[1.0, 2.0, 3.0])
}

pub(crate) fn kernel() -> Tensor {
    single("Dense_0.kernel", &[2, 3], &[4.0, 5.0, 6.0, 7.0, 8.0, 9.0])
}
