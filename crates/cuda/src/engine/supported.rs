//! Whether all operations of a network have kernels.

use crate::CudaError;
use crate::ops::Conv2d;
use minima_autodiff::{Graph, Layer, LayerOperation, Padding, Pooling};

/// Checks that every operation of a network has CUDA kernels.
///
/// # Errors
/// Returns [`CudaError::Unsupported`] with the names of all operations that have none.
pub fn check_supported(graph: &Graph) -> Result<(), CudaError> {
    let mut operations = Vec::new();
    for name in graph.layers().iter().flat_map(without_kernels) {
        if !operations.contains(&name) {
            operations.push(name);
        }
    }
    if operations.is_empty() { Ok(()) } else { Err(CudaError::Unsupported { operations }) }
}

/// The names of what the kernels lack for a layer.
fn without_kernels(layer: &Layer) -> Vec<String> {
    match &layer.operation {
        LayerOperation::Conv2d { spec, .. } => Conv2d::without_kernels(spec).into_iter().map(str::to_owned).collect(),
        LayerOperation::Dense { inputs, outputs } if layer.params.len() == (inputs + 1) * outputs => Vec::new(),
        LayerOperation::Dense { .. } => vec!["dense layer without bias".to_owned()],
        LayerOperation::AvgPool2d(pooling) => with_padding("average pooling", pooling),
        LayerOperation::MaxPool2d(pooling) => with_padding("max pooling", pooling),
        LayerOperation::Relu { .. } | LayerOperation::Add { .. } => Vec::new(),
        other => vec![other.name().to_owned()],
    }
}

fn with_padding(name: &str, pooling: &Pooling) -> Vec<String> {
    if pooling.padding == Padding::Valid { Vec::new() } else { vec![format!("{name} with padding")] }
}
