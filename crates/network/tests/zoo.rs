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
