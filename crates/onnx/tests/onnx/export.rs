//! Networks that are written are read again with the same logits.

use super::values::{MODELS, Values, assert_close, path};
use minima_autodiff::AutodiffError;
use minima_network::NetworkSpec;
use minima_onnx::{ImportOptions, OnnxError, export, import, import_bytes};
use ndarray::Array2;

#[test]
fn golden_models_go_back_and_forth() {
    for name in MODELS {
        let own = import(&path(&format!("{name}.onnx")), &ImportOptions::default()).unwrap();
        let file = export(own.graph(), &own.params, name).unwrap();
        let again =
            import_bytes(file, name.as_ref(), &ImportOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        let images = Values::of(name).images;
        let [a, b] = [&own, &again].map(|of| of.graph().logits(&of.params, images.view()).unwrap());
        assert_close(name, &b, &a);
    }
}

/// Every kind of layer.
const ALL: &str = r#"
input = [9, 8, 3]
classes = 5
normalize = { mean = [0.5, 0.4, 0.3], deviation = [0.2, 0.3, 0.25] }
layers = [
    { layer = "conv", features = 6, kernel = 3, stride = 2 }, { layer = "group_norm", groups = 2 }, "silu",
    { layer = "conv", features = 6, kernel = [3, 2], dilation = [1, 2], groups = 3, bias = false }, "rms_norm", "elu",
    { layer = "avg_pool", window = 3, stride = 1, padding = "same", count_padding = false }, { layer = "leaky_relu", slope = 0.2 },
    { layer = "avg_pool", window = 2, stride = 1, padding = 1 }, { layer = "max_pool", window = 3, stride = 2, padding = 1, as = "map" },
    { layer = "reshape", shape = [-1, 6] }, "class_token", "position_embedding",
    { residual = ["layer_norm", { layer = "attention", heads = 2 }] }, { layer = "layer_norm", scale = false, shift = false }, "gelu",
    { layer = "dense", features = 6, bias = false }, "gelu_tanh", { layer = "slice", axis = 0, start = 0, end = 9, as = "tokens" },
    { layer = "sum", axes = [0] }, "softplus", { layer = "clip", low = 0.1, high = 6.0 }, "sqrt", "reciprocal", "sigmoid", { layer = "reshape", shape = [1, 6] },
    { layer = "broadcast", shape = [9, 6] }, { layer = "multiply", with = "tokens" }, { layer = "softmax", axis = 0 }, { layer = "pad", axis = 0, before = 1, value = 0.5 },
    { layer = "affine", scale = [1, 2, 3, 4, 5, 6], shift = 0.5 }, { layer = "mean", axes = [0, 1] }, { layer = "dense", features = 4 }, { layer = "tanh", as = "d" },
    { layer = "embedding", shape = [4], as = "e" }, { layer = "sum", axes = [0, 1, 2], from = "map" }, { layer = "concat", with = ["e", "d"], axis = 0 },
    { layer = "dense", features = 5 },
]
"#;

#[test]
fn every_layer_is_written() {
    let networks = NetworkSpec::names().map(|name| NetworkSpec::named(name, &[]).unwrap());
    for network in networks.chain([NetworkSpec::parse(ALL, "all.toml").unwrap()]) {
        let graph = network.graph().unwrap();
        let mut params: Vec<f32> = graph.init(3);
        params.iter_mut().enumerate().for_each(|(k, p)| *p += 0.05 * (0.37 * k as f32).sin());
        let file = export(&graph, &params, &network.name()).unwrap();
        let again = import_bytes(file, "again.onnx".as_ref(), &ImportOptions::default())
            .unwrap_or_else(|error| panic!("{}: {error}", network.name()));
        let features = graph.features();
        let images = Array2::from_shape_fn((2, features), |(i, j)| (1.0 + ((7 * i + j) as f32 * 0.73).sin()) / 2.0);
        let expected = graph.logits(&params, images.view()).unwrap();
        let found = again.graph().logits(&again.params, images.view()).unwrap();
        assert_close(&network.name(), &found, &expected);
    }
}

#[test]
fn parameters_have_to_be_those_of_the_network() {
    let graph = NetworkSpec::named("mlp", &[]).unwrap().graph().unwrap();
    assert!(matches!(export(&graph, &[1.0], "mlp"), Err(OnnxError::Autodiff(AutodiffError::Shape { .. }))));
}
