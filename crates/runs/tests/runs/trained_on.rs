//! The record of the training data in a checkpoint.

use minima_autodiff::{Model, paper_cnn};
use minima_config::DataIdentity;
use minima_data::{Dataset, FileHash, Mnist, mnist};
use minima_runs::trained_on::{METADATA, TrainedOnError, check, checkpoint_bytes, trained_on};
use ndarray::Array2;
use std::fs;
use std::sync::Arc;

/// Blank images whose files have these hashes.
fn data(folder: &str, hashes: [&str; 4]) -> Mnist {
    let blank = || Dataset::new(Array2::zeros((1, 784)), vec![0], [28, 28, 1], 10).unwrap();
    let file =
        |(name, sha256): (&str, &str)| FileHash { file: format!("{folder}/{name}").into(), sha256: sha256.to_owned() };
    let hashes = mnist::FILES.map(|(name, _)| name).into_iter().zip(hashes).map(file).collect();
    Mnist { train: blank(), test: blank(), hashes }
}

fn model() -> Model<f32> {
    let graph = Arc::new(paper_cnn([28, 28, 1], 10).unwrap());
    let params = graph.init(3);
    Model::new(graph, params).unwrap()
}

#[test]
fn a_checkpoint_notes_its_data_and_loads_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = (folder.path().join("weights.safetensors"), model());
    let (own, other) = (data("here", ["a", "b", "c", "d"]), data("there", ["a", "b", "c", "other"]));
    let bytes = checkpoint_bytes(&model, &own).unwrap();
    // A map of several entries would be written in a random order.
    assert_eq!(bytes, checkpoint_bytes(&model, &own).unwrap());
    fs::write(&path, bytes).unwrap();
    assert_eq!(trained_on(&path).unwrap(), Some(DataIdentity::of(&own)));
    let loaded: Vec<f32> = model.graph().load(&path).unwrap();
    assert_eq!(loaded, model.params());

    check(&path, &data("moved", ["a", "b", "c", "d"])).unwrap();
    let error = check(&path, &other).unwrap_err();
    assert!(matches!(error, TrainedOnError::OtherData { .. }));
    let message = error.to_string();
    let expected =
        "found images of there (t10k-labels-idx1-ubyte with SHA-256 other), expected images of here (SHA-256 d)";
    assert!(message.contains(expected) && message.contains("--other-data") && !message.contains('\n'), "{message}");
}

#[test]
fn the_description_beside_a_checkpoint_tells_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let (path, beside) = (folder.path().join("weights.safetensors"), folder.path().join("weights.toml"));
    let model = model();
    fs::write(&path, model.graph().to_safetensors(model.params()).unwrap()).unwrap();
    let mnist = data("here", mnist::FILES.map(|(_, hash)| hash));
    // Without any record, any data is accepted.
    check(&path, &mnist).unwrap();
    for nothing in ["", "data = 3", "data = [\"a\"]", "[data]\na = \"b\"", "data = ["] {
        fs::write(&beside, nothing).unwrap();
        assert_eq!(trained_on(&path).unwrap(), None, "{nothing}");
        check(&path, &mnist).unwrap();
    }
    fs::write(&beside, "data = [\"a\", \"b\", \"c\", \"d\"]\n").unwrap();
    let message = check(&path, &mnist).unwrap_err().to_string();
    assert!(message.contains("found MNIST (train-images-idx3-ubyte with SHA-256 0b367032e93c…)"), "{message}");
    fs::write(&beside, format!("data = {:?}\n", mnist::PUBLISHED)).unwrap();
    check(&path, &mnist).unwrap();
    // The checkpoint's own record takes precedence over the file beside it.
    fs::write(&path, checkpoint_bytes(&model, &data("here", ["a", "b", "c", "d"])).unwrap()).unwrap();
    assert!(check(&path, &mnist).is_err());
}

#[test]
fn a_note_of_something_else_is_refused_and_no_checkpoint_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = (folder.path().join("weights.safetensors"), model());
    for note in ["", "3", "{}", "{\"name\": \"MNIST\"}", "{\"name\": 1, \"files\": {}}"] {
        let bytes = model.graph().to_safetensors_with_note(model.params(), METADATA, note).unwrap();
        fs::write(&path, bytes).unwrap();
        assert!(matches!(trained_on(&path), Err(TrainedOnError::Note { .. })), "{note}");
    }
    fs::write(&path, "no checkpoint").unwrap();
    assert_eq!(trained_on(&path).unwrap(), None);
    assert_eq!(trained_on(&folder.path().join("none")).unwrap(), None);
}
