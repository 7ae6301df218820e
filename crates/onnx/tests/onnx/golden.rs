//! Models of PyTorch give the logits of onnxruntime and the gradients of PyTorch.

use super::values::{MODELS, Values, assert_close, path};
use minima_autodiff::{Classifier, LayerOperation};
use minima_onnx::{ImportOptions, Imported, import};

fn imported(model: &str) -> Imported {
    import(&path(&format!("{model}.onnx")), &ImportOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn logits_and_gradients() {
    for name in MODELS {
        let values = Values::of(name);
        let imported = imported(name);
        let model = imported.model().unwrap();
        let cotangent = |image: usize, _: &[f32], into: &mut [f32]| {
            into.iter_mut().zip(values.cotangent.row(image)).for_each(|(into, c)| *into = *c);
        };
        let (logits, gradient) = model.logits_and_input_vjp(values.images.view(), &cotangent).unwrap();
        assert_close(&format!("{name}: logits"), &logits, &values.logits);
        assert_close(&format!("{name}: gradient"), &gradient, &values.gradient);
        // The description is a network like any other.
        let again = minima_network::NetworkSpec::parse(&imported.network.to_toml(), "again.toml").unwrap();
        assert_eq!(again, imported.network);
        assert_eq!(again.graph().unwrap().parameters(), imported.graph().parameters());
    }
}

#[test]
fn patterns_become_the_layers_they_stand_for() {
    let names = |model: &str| -> Vec<&'static str> {
        imported(model).graph().layers().iter().map(|layer| layer.operation.name()).collect()
    };
    for exporter in ["script", "dynamo"] {
        let vit = names(&format!("vit-{exporter}"));
        assert!(vit.contains(&"GELU") && !vit.contains(&"tanh"), "{vit:?}");
        let mixed = names(&format!("mixed-{exporter}"));
        assert!(mixed.contains(&"GELU by tanh") && mixed.contains(&"SiLU") && !mixed.contains(&"tanh"), "{mixed:?}");
        // A batch norm is a part of its convolution, and no number moves in a convolutional network.
        let resnet = names(&format!("resnet-{exporter}"));
        assert!(!resnet.contains(&"constant affine map") && !resnet.contains(&"transposition"), "{resnet:?}");
        assert_eq!(imported(&format!("mlp-{exporter}")).graph().layers().len(), 4);
    }
    assert!(imported("mixed-script").notes[0].contains("the Softmax at the end is left out"));
    let lenet = imported("lenet-script");
    let kernels = lenet.graph().parameters().iter().filter(|spec| spec.name.ends_with("kernel"));
    assert_eq!(kernels.map(|spec| spec.module.as_str()).collect::<Vec<_>>(), ["conv1", "conv2", "fc1", "fc2", "fc3"]);
    assert!(matches!(lenet.graph().layers()[0].operation, LayerOperation::Conv2d { .. }));
}

#[test]
fn pixels_become_what_the_model_expects() {
    // A model that wants (255 x - mean) / deviation gets images x.
    let options = ImportOptions {
        bytes: true,
        mean: vec![127.5, 100.0, 50.0],
        deviation: vec![60.0],
        ..ImportOptions::default()
    };
    let file = path("resnet-script.onnx");
    let (plain, normalised) = (imported("resnet-script"), import(&file, &options).unwrap());
    assert_eq!(normalised.params, plain.params);
    let mut images = Values::of("resnet-script").images;
    let found = normalised.graph().logits(&normalised.params, images.view()).unwrap();
    for mut image in images.rows_mut() {
        for (place, pixel) in image.iter_mut().enumerate() {
            *pixel = (255.0 * *pixel - [127.5, 100.0, 50.0][place % 3]) / 60.0;
        }
    }
    assert_close("normalised", &found, &plain.graph().logits(&plain.params, images.view()).unwrap());
    let wrong = ImportOptions { mean: vec![0.5; 2], ..ImportOptions::default() };
    let message = import(&file, &wrong).unwrap_err().to_string();
    assert!(message.contains("found 2 means, expected one, or one for each of 3 channels"), "{message}");
}
