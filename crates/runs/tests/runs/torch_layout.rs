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

/// A network and images whose logits PyTorch computed.
#[test]
fn a_file_of_pytorch_gives_its_logits() {
    let golden = |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../onnx/tests/golden").join(name);
    let text = r#"
input = [12, 12, 1]
classes = 5
layers = [
    { layer = "conv", name = "conv1", features = 4, kernel = 5, padding = 2 }, "relu", { layer = "max_pool", window = 2 },
    { layer = "conv", name = "conv2", features = 6, kernel = 3, stride = 2, padding = 1 }, "flatten", "tanh",
    { layer = "dense", name = "fc1", features = 12 }, "leaky_relu", { layer = "dense", name = "fc2", features = 8 }, "elu",
    { layer = "dense", name = "fc3", features = 5 },
]
"#;
    let network = |text: &str| minima_network::NetworkSpec::parse(text, "lenet.toml").unwrap().graph().unwrap();
    let graph = network(text);
    let params = load(&graph, &golden("state-dict.safetensors")).unwrap();
    let bytes = std::fs::read(golden("lenet-script.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let array = |name: &str| {
        let tensor = file.tensor(name).unwrap();
        let numbers: Vec<f32> = tensor.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        ndarray::Array2::from_shape_vec((3, numbers.len() / 3), numbers).unwrap()
    };
    let found = graph.logits(&params, array("images").view()).unwrap();
    let expected = array("logits");
    let largest = expected.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
    // A hundred roundings of 6e-8, which mostly cancel.
    assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-5 * largest), "{found} for {expected}");

    // SAME padding has the same shapes, and other numbers.
    let same = network(&text.replace("stride = 2, padding = 1", "stride = 2"));
    let error = load(&same, &golden("state-dict.safetensors")).unwrap_err();
    assert!(matches!(error, TorchLayoutError::Layers { .. }));
    let message = error.to_string();
    assert!(message.contains("convolution conv2: found padding \"same\" with stride [2, 2]"), "{message}");
    assert!(message.contains("0 and 1 rows above and below") && message.contains("padding = 1"), "{message}");
}

#[test]
fn flattened_maps_are_followed_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    // A normalisation and an activation between the map and the dense layer.
    let mut g = GraphBuilder::new(&[3, 2, 2]);
    let x = g.flatten(g.input());
    let x = g.layer_norm(x, "norm", minima_autodiff::NormSpec::default()).unwrap();
    let x = g.relu(x);
    let x = g.dense(x, "head", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let tensors: [(&str, &[usize]); 4] =
        [("norm.weight", &[12]), ("norm.bias", &[12]), ("head.weight", &[2, 12]), ("head.bias", &[2])];
    let params = load(&graph, &written(&folder, &tensors)).unwrap();
    let of = |name: &str| {
        let spec = graph.parameters().iter().find(|spec| spec.name == name).unwrap();
        params[spec.range.clone()].to_vec()
    };
    // Pixel p of channel c is number 6 c + p in PyTorch.
    let order: Vec<f32> = (0..12).map(|index| (index % 2 * 6 + index / 2) as f32).collect();
    assert_eq!((of("norm.scale"), of("norm.bias")), (order.clone(), order.clone()));
    let first: Vec<f32> = of("head.kernel").chunks(2).map(|row| row[0]).collect();
    assert_eq!(first, order);

    let mut g = GraphBuilder::new(&[3, 2, 2]);
    let x = g.flatten(g.input());
    let y = g.relu(x);
    let x = g.concat(&[x, y], 0).unwrap();
    let x = g.dense(x, "head", 2).unwrap();
    let graph = g.finish(x).unwrap();
    let message = load(&graph, &written(&folder, &tensors)).unwrap_err().to_string();
    assert!(message.contains("dense layer head: found a dense layer on several flattened maps"), "{message}");
}
