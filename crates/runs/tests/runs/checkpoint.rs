//! What a checkpoint says about itself.

use minima_autodiff::Model;
use minima_config::preset::Preset;
use minima_config::{DataIdentity, Labels, NetworkChoice, Run};
use minima_data::{DataSource, Dataset, FileHash, Splits, mnist};
use minima_runs::checkpoint::{METADATA, Origin, bytes, load};
use minima_runs::torch_layout::Layout;
use minima_runs::{CheckpointNoteError, RunError};
use ndarray::Array2;
use std::fs;

/// Blank images whose files have these hashes.
fn data(folder: &str, hashes: [&str; 4]) -> Splits {
    let blank = || Dataset::new(Array2::zeros((1, 36)), vec![0], [6, 6, 1], 3).unwrap();
    let file =
        |(name, sha256): (&str, &str)| FileHash { file: format!("{folder}/{name}").into(), sha256: sha256.to_owned() };
    let hashes = mnist::FILES.map(|(name, _)| name).into_iter().zip(hashes).map(file).collect();
    let names = ["cat", "dog", "emu"].map(str::to_owned).to_vec();
    Splits::new(blank(), blank(), "", hashes).with_class_names(names)
}

/// An experiment on this data, and its first run.
fn experiment(data: &Splits) -> (Preset, Run) {
    let set = ["train_images=1", "test_images=1", "batch_size=1", "network={ name = \"mlp\", width = 5 }"];
    let preset = Preset::named("paper", &set.map(str::to_owned)).unwrap();
    let preset = Preset { data: Some(DataSource::new("photos")), ..preset }.on_data(data).unwrap();
    (preset, Run { labels: Labels::Clean, optimizer: "adam".to_owned(), seed: 42 })
}

fn model(preset: &Preset, data: &Splits) -> Model<f32> {
    let graph = preset.network.graph(&data.train).unwrap();
    let params = graph.init(3);
    Model::new(graph, params).unwrap()
}

#[test]
fn a_checkpoint_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let own = data("here", ["a", "b", "c", "d"]);
    let (preset, run) = experiment(&own);
    let model = model(&preset, &own);
    let origin = Origin::of(&preset, &run, &own).unwrap().after(7);
    let written = bytes(&model, &origin).unwrap();
    assert_eq!(written, bytes(&model, &origin).unwrap());
    fs::write(&path, written).unwrap();

    let read = Origin::read(&path).unwrap().unwrap();
    assert_eq!(read, origin);
    assert_eq!(
        (read.data.clone(), read.source.clone()),
        (Some(DataIdentity::of(&own)), Some(DataSource::new("photos")))
    );
    assert_eq!((read.class_names.join(" "), read.epochs), ("cat dog emu".to_owned(), Some(7)));
    assert!(read.training.contains("learning_rate = 0.001"), "{}", read.training);
    let spec = read.choice(&path).unwrap().own_spec().unwrap();
    assert_eq!((spec.name().as_str(), spec.input(), spec.classes()), ("mlp", &[6, 6, 1][..], 3));

    // No flag is needed to load it.
    let loaded = load(&path, Origin::read(&path).unwrap().as_ref(), None, Layout::Flax, &own).unwrap();
    assert_eq!(loaded.params(), model.params());
}

#[test]
fn other_data_is_refused() {
    let own = data("here", ["a", "b", "c", "d"]);
    let (preset, run) = experiment(&own);
    let origin = Origin::of(&preset, &run, &own).unwrap();
    let path = std::path::Path::new("weights.safetensors");
    origin.check(path, &data("moved", ["a", "b", "c", "d"])).unwrap();
    let message = origin.check(path, &data("there", ["a", "b", "c", "other"])).unwrap_err().to_string();
    let expected =
        "found images of there (t10k-labels-idx1-ubyte with SHA-256 other), expected images of here (SHA-256 d)";
    assert!(message.contains(expected) && message.contains("--other-data") && !message.contains('\n'), "{message}");
}

#[test]
fn a_bare_file_needs_its_network() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let own = data("here", ["a", "b", "c", "d"]);
    let (preset, _) = experiment(&own);
    let model = model(&preset, &own);
    fs::write(&path, model.graph().to_safetensors(model.params()).unwrap()).unwrap();
    assert_eq!(Origin::read(&path).unwrap(), None);
    let message = load(&path, Origin::read(&path).unwrap().as_ref(), None, Layout::Flax, &own).unwrap_err().to_string();
    assert!(message.contains("the file does not name its network; --network gives"), "{message}");
    assert_eq!(load(&path, None, Some(&preset.network), Layout::Flax, &own).unwrap().params(), model.params());
    let other = NetworkChoice::from_argument("mlp").unwrap();
    assert!(matches!(load(&path, None, Some(&other), Layout::Flax, &own), Err(RunError::Autodiff(_))));
    let missing = load(&folder.path().join("none"), None, None, Layout::Flax, &own).unwrap_err();
    assert!(matches!(missing, RunError::Read { .. }), "{missing}");
}

#[test]
fn a_note_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let own = data("here", ["a", "b", "c", "d"]);
    let (preset, _) = experiment(&own);
    let model = model(&preset, &own);
    for note in ["", "3", "{}", "{\"network\": \"mlp\"}"] {
        let bytes = model.graph().to_safetensors_with_note(model.params(), METADATA, note).unwrap();
        fs::write(&path, bytes).unwrap();
        assert!(matches!(Origin::read(&path), Err(CheckpointNoteError::Note { .. })), "{note}");
    }
    fs::write(&path, "no checkpoint").unwrap();
    assert_eq!(Origin::read(&path).unwrap(), None);
    assert_eq!(Origin::read(&folder.path().join("none")).unwrap(), None);
}
