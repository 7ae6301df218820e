//! Whether all operations of a network have kernels.

use crate::CudaError;
use crate::ops::Pointwise;
use minima_autodiff::{Graph, Layer, LayerOperation};

/// Checks that every operation of a network has CUDA kernels. All operations of `minima-autodiff` have, so this fails only for
/// one that is newer than this crate.
///
/// # Errors
/// Returns [`CudaError::Unsupported`] with the names of all operations that have none.
pub fn check_supported(graph: &Graph) -> Result<(), CudaError> {
    let mut operations = Vec::new();
    for name in graph.layers().iter().filter_map(without_kernels) {
        if !operations.contains(&name) {
            operations.push(name);
        }
    }
    if operations.is_empty() { Ok(()) } else { Err(CudaError::Unsupported { operations }) }
}

/// The name of a layer's operation, if it has no kernels.
fn without_kernels(layer: &Layer) -> Option<String> {
    match &layer.operation {
        LayerOperation::Conv2d { .. }
        | LayerOperation::Dense { .. }
        | LayerOperation::TokenwiseDense { .. }
        | LayerOperation::Embedding
        | LayerOperation::Relu { .. }
        | LayerOperation::AvgPool2d(_)
        | LayerOperation::MaxPool2d(_)
        | LayerOperation::Add { .. }
        | LayerOperation::Multiply { .. }
        | LayerOperation::Matmul { .. }
        | LayerOperation::Reduce { .. }
        | LayerOperation::Rearrange(_)
        | LayerOperation::Concat { .. }
        | LayerOperation::Softmax { .. }
        | LayerOperation::Normalization { .. }
        | LayerOperation::ChannelAffine { .. }
        | LayerOperation::Constant(_) => None,
        LayerOperation::Activation { function, features } => {
            Pointwise::new(*function, *features).is_err().then(|| function.name().to_owned())
        }
        other => Some(other.name().to_owned()),
    }
}
