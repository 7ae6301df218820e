//! Checkpoints in PyTorch's layout.

use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder};
use minima_runs::torch_layout::{TorchLayoutError, load};
use safetensors::tensor::{Dtype, TensorView};
use std::path::PathBuf;

/// A convolution of 3 × 2 pixels in two channels to three, flattened, then a dense layer.
fn network() -> Graph {
    let mut g = GraphBuilder::new(&[3, 2, 2]);
    let x = g.conv2d(g.input(), "conv", Conv2dSpec::same(3, 3)).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "head", 4).unwrap();
    g.finish(x).unwrap()
}

/// Writes tensors whose numbers are their places.
fn written(folder: &tempfile::TempDir, tensors: &[(&str, &[usize])]) -> PathBuf {
    let numbers: Vec<(String, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, shape)| {
            let count: usize = shape.iter().product();
            ((*name).to_owned(), shape.to_vec(), (0..count).flat_map(|place| (place as f32).to_le_bytes()).collect())
        })
        .collect();
    let views =
        numbers.iter().map(|(name, shape, bytes)| (name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    let path = folder.path().join("torch.safetensors");
    std::fs::write(&path, safetensors::serialize(views, None).unwrap()).unwrap();
    path
}

const WHOLE: [(&str, &[usize]); 4] =
    [("conv.weight", &[3, 2, 3, 3]), ("conv.bias", &[3]), ("head.weight", &[4, 18]), ("head.bias", &[4])];

#[test]
fn every_number_comes_from_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let graph = network();
    let params = load(&graph, &written(&folder, &WHOLE)).unwrap();
    let of = |name: &str| {
        let spec = graph.parameters().iter().find(|spec| spec.name == name).unwrap();
        (&params[spec.range.clone()], spec.shape.clone())
    };
    let (kernel, shape) = of("conv.kernel");
    assert_eq!(shape, [3, 3, 2, 3]);
    for row in 0..3 {
        for column in 0..3 {
            for input in 0..2 {
                for output in 0..3 {
                    let ours = kernel[((row * 3 + column) * 2 + input) * 3 + output];
                    // Row-major (out, in, height, width).
                    let torch = output * 18 + input * 9 + row * 3 + column;
                    assert_eq!(ours, torch as f32);
                }
            }
        }
    }
    let (kernel, shape) = of("head.kernel");
    assert_eq!(shape, [18, 4]);
    for row in 0..3 {
        for column in 0..2 {
            for channel in 0..3 {
                for output in 0..4 {
                    let ours = kernel[((row * 2 + column) * 3 + channel) * 4 + output];
                    // PyTorch flattens (channels, height, width).
                    let torch = output * 18 + channel * 6 + row * 2 + column;
                    assert_eq!(ours, torch as f32);
                }
            }
        }
    }
    assert_eq!(of("head.bias").0, [0.0, 1.0, 2.0, 3.0]);
}

#[test]
fn what_does_not_fit_is_named_tensor_by_tensor() {
    let folder = tempfile::tempdir().unwrap();
    let tensors: [(&str, &[usize]); 4] =
        [("conv.weight", &[3, 3, 2, 3]), ("conv.bias", &[3]), ("head.weight", &[4, 18]), ("norm.running_mean", &[3])];
    let error = load(&network(), &written(&folder, &tensors)).unwrap_err();
    assert!(matches!(error, TorchLayoutError::Tensors { .. }));
    let message = error.to_string();
    for part in [
        "conv.weight: found shape [3, 3, 2, 3], expected [3, 2, 3, 3]",
        "found no head.bias, expected one",
        "found norm.running_mean, which the network does not have",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!message.contains("head.weight"), "{message}");
}
