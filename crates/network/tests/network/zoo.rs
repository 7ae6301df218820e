//! The named networks.

use minima_autodiff::{Graph, paper_cnn};
use minima_network::{NetworkError, NetworkSpec};
use ndarray::Array2;

fn images(graph: &Graph, count: usize) -> Array2<f64> {
    Array2::from_shape_fn((count, graph.features()), |(i, j)| ((7 * i + 3 * j) % 11) as f64 / 10.0)
}

#[test]
fn the_paper_network_is_the_same_graph() {
    for (input, classes) in [([28, 28, 1], 10), ([32, 32, 3], 4), ([9, 7, 2], 3)] {
        let spec = NetworkSpec::named("paper-cnn", &[]).unwrap().with_input(input).with_classes(classes);
        let (ours, theirs) = (spec.graph().unwrap(), paper_cnn(input, classes).unwrap());
        assert_eq!(ours.parameters(), theirs.parameters());
        assert_eq!(format!("{:?}", ours.layers()), format!("{:?}", theirs.layers()));
        let params: Vec<f64> = ours.init(42);
        assert_eq!(params, theirs.init::<f64>(42));
        let images = images(&ours, 17);
        let logits = [&ours, &theirs].map(|graph| graph.logits(&params, images.view()).unwrap());
        assert_eq!(logits[0].mapv(f64::to_bits), logits[1].mapv(f64::to_bits));
    }
}

#[test]
fn every_text_is_valid() {
    for name in NetworkSpec::names() {
        let spec = NetworkSpec::named(name, &[]).unwrap();
        let text = spec.to_toml();
        let again = NetworkSpec::parse(&text, "again.toml").unwrap();
        assert_eq!(again, spec, "{text}");
        assert_eq!(again.to_toml(), text);
    }
}

#[test]
fn options_change_the_sizes() {
    let parameters = |width| NetworkSpec::named("mlp", &[("width", width)]).unwrap().graph().unwrap().parameter_count();
    let expected = |width: usize| (784 + 1) * width + (width + 1) * width + (width + 1) * 10;
    assert_eq!([8, 128].map(|width| parameters(width as i64)), [8, 128].map(expected));
}

#[test]
fn unknown_networks_and_options_are_refused() {
    let name = NetworkSpec::named("resnet2O", &[]).unwrap_err().to_string();
    assert!(name.contains("resnet2O") && name.contains("did you mean resnet20?"), "{name}");
    let option = NetworkSpec::named("vit", &[("widht", 3)]).unwrap_err().to_string();
    assert!(option.contains("vit.toml: option is widht") && option.contains("did you mean width?"), "{option}");
    assert!(matches!(NetworkSpec::named("vit", &[("width", -1)]), Err(NetworkError::Option { .. })));
}

/// The names and shapes of the parameters, in the order of the alphabet.
fn parameters(name: &str, options: &[(&str, i64)]) -> Vec<(String, Vec<usize>)> {
    let graph = NetworkSpec::named(name, options).unwrap().graph().unwrap();
    let mut found: Vec<_> = graph.parameters().iter().map(|p| (p.name.clone(), p.shape.clone())).collect();
    found.sort();
    found
}

/// The expected parameters of a residual network with blocks of two convolutions and group normalisation.
fn residual_parameters(width: usize, blocks: &[usize]) -> Vec<(String, Vec<usize>)> {
    let mut expected = Vec::new();
    let mut layer = |name: String, kernel: usize, inputs: usize, outputs: usize, norm: String| {
        expected.push((format!("{name}.kernel"), vec![kernel, kernel, inputs, outputs]));
        expected.extend(["bias", "scale"].map(|role| (format!("{norm}.{role}"), vec![outputs])));
    };
    layer("stem".into(), 3, 3, width, "stem_norm".into());
    let mut inputs = width;
    for (stage, &blocks) in blocks.iter().enumerate() {
        let outputs = width << stage;
        for block in 1..=blocks {
            let name = format!("stage{}_block{block}", stage + 1);
            layer(format!("{name}_conv1"), 3, inputs, outputs, format!("{name}_norm1"));
            layer(format!("{name}_conv2"), 3, outputs, outputs, format!("{name}_norm2"));
            if inputs != outputs {
                layer(format!("{name}_shortcut"), 1, inputs, outputs, format!("{name}_shortcut_norm"));
            }
            inputs = outputs;
        }
    }
    expected.extend([("head.bias".into(), vec![10]), ("head.kernel".into(), vec![inputs, 10])]);
    expected.sort();
    expected
}

#[test]
fn residual_networks_have_the_expected_parameters() {
    assert_eq!(parameters("resnet20", &[]), residual_parameters(16, &[3, 3, 3]));
    assert_eq!(parameters("resnet20", &[("width", 32)]), residual_parameters(32, &[3, 3, 3]));
    assert_eq!(parameters("resnet18", &[]), residual_parameters(64, &[2, 2, 2, 2]));
    assert_eq!(parameters("resnet18", &[("width", 6)]), residual_parameters(6, &[2, 2, 2, 2]));
}

#[test]
fn the_transformer_has_the_expected_parameters() {
    let mut expected = vec![
        ("patch_embed.patch_embedding.kernel".into(), vec![4, 4, 1, 128]),
        ("patch_embed.patch_embedding.bias".into(), vec![128]),
        ("cls_token".into(), vec![1, 1, 128]),
        ("pos_embedding".into(), vec![1, 50, 128]),
        ("ln_final.scale".into(), vec![128]),
        ("ln_final.bias".into(), vec![128]),
        ("head.kernel".into(), vec![128, 10]),
        ("head.bias".into(), vec![10]),
    ];
    for i in 0..4 {
        let name = |rest: &str| format!("transformer_block_{i}.{rest}");
        for norm in ["ln1", "ln2"] {
            expected.extend(["scale", "bias"].map(|role| (name(&format!("{norm}.{role}")), vec![128])));
        }
        for projection in ["query", "key", "value"] {
            expected.push((name(&format!("attn.{projection}.kernel")), vec![128, 4, 32]));
            expected.push((name(&format!("attn.{projection}.bias")), vec![4, 32]));
        }
        expected.push((name("attn.out.kernel"), vec![4, 32, 128]));
        expected.push((name("attn.out.bias"), vec![128]));
        for (layer, inputs, outputs) in [("mlp.fc1", 128, 256), ("mlp.fc2", 256, 128)] {
            expected.push((name(&format!("{layer}.kernel")), vec![inputs, outputs]));
            expected.push((name(&format!("{layer}.bias")), vec![outputs]));
        }
    }
    expected.sort();
    assert_eq!(parameters("vit", &[]), expected);
    // A class token is drawn before the positions, as in Flax.
    let graph = NetworkSpec::named("vit", &[]).unwrap().graph().unwrap();
    let drawn: Vec<_> = graph.parameters().iter().filter(|p| p.draw == 2).map(|p| p.name.as_str()).collect();
    assert_eq!(drawn, ["pos_embedding"]);
}

#[test]
fn every_network_has_logits_for_other_inputs_and_classes() {
    for name in NetworkSpec::names() {
        for (input, classes) in [([28, 28, 1], 10), ([32, 32, 3], 4)] {
            let spec = NetworkSpec::named(name, &[]).unwrap().with_input(input).with_classes(classes);
            let graph = spec.graph().unwrap();
            assert_eq!((graph.input_shape(), graph.classes()), (&input[..], classes), "{name}");
            let params: Vec<f64> = graph.init(1);
            let logits = graph.logits(&params, images(&graph, 1).view()).unwrap();
            assert!(logits.iter().all(|z| z.is_finite()) && logits.iter().any(|z| *z != 0.0), "{name}");
        }
    }
}
