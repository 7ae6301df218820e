//! Checkpoints, configurations and results folders cannot be used with other data.

use super::program::{EXPERIMENT, refused, well, write_checkpoint, write_data};
use std::fs;
use std::path::Path;

const OWN: [&str; 4] = ["--data", "own", "--device", "cpu"];
const OTHER: [&str; 4] = ["--data", "other", "--device", "cpu"];

/// A folder with two data sets that differ only in labels, and a model trained on one of them.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_data(&folder.path().join("own"), |label| label);
    write_data(&folder.path().join("other"), |label| (label + 1) % 10);
    fs::write(folder.path().join("own.toml"), EXPERIMENT).unwrap();
    let train = ["train", "--config", "own.toml", "--optimizer", "sgd", "--out", "sgd.safetensors"];
    well(folder.path(), &[&train[..], &OWN].concat());
    folder
}

fn is_named(line: &str) {
    for part in ["images of other", "images of own", "train-labels-idx1-ubyte", "--other-data"] {
        assert!(line.contains(part), "{line}");
    }
}

#[test]
fn a_checkpoint_is_not_used_with_other_data_unless_asked_to() {
    let folder = folder();
    let folder = folder.path();
    write_checkpoint(&folder.join("unknown.safetensors"));
    let evaluate = ["evaluate", "--weights", "sgd.safetensors", "--json"];
    let attack = ["attack", "--weights", "sgd.safetensors", "--attack", "fgsm", "--images", "5"];
    let to = ["attack", "--transfer", "unknown.safetensors", "--to", "sgd.safetensors", "--attack", "fgsm"];
    let from = ["attack", "--transfer", "sgd.safetensors", "--to", "unknown.safetensors", "--attack", "fgsm"];
    let network = ["--network", "paper-cnn"];
    for command in [&evaluate[..], &attack, &[&to[..], &network].concat(), &[&from[..], &network].concat()] {
        is_named(&refused(folder, &[command, &OTHER].concat()));
        well(folder, &[command, &OWN].concat());
        well(folder, &[command, &OTHER, &["--other-data"]].concat());
    }
    // A checkpoint names its network and its data.
    well(folder, &evaluate);
    well(folder, &attack);
    // One that does not needs both, and accepts any data.
    let unknown = ["evaluate", "--weights", "unknown.safetensors"];
    assert!(refused(folder, &[&unknown[..], &OTHER].concat()).contains("--network gives"));
    assert!(refused(folder, &[&unknown[..], &network].concat()).contains("--data gives it"));
    well(folder, &[&unknown[..], &network, &OTHER].concat());
    // A refused attack creates no results folder.
    refused(folder, &[&attack[..], &OTHER, &["--out", "attacked"]].concat());
    assert!(!folder.join("attacked").exists());
}

#[test]
fn results_name_their_data_and_a_configuration_takes_no_other() {
    let folder = folder();
    let folder = folder.path();
    well(folder, &[&["reproduce", "--config", "own.toml", "--out", "out"][..], &OWN].concat());
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&read("out/manifest.json")).unwrap();
    assert_eq!(manifest["data_name"], "images of own");
    assert_eq!(manifest["data_folder"], "own");
    assert_eq!(manifest["data"].as_object().unwrap().len(), 4);
    for configuration in ["out/config.toml", "sgd.toml"] {
        assert!(read(configuration).contains("data_name = \"images of own\"\n"), "{configuration}");
    }
    let checkpoint = checkpoint_of(&folder.join("out/checkpoints"));
    is_named(&refused(folder, &[&["evaluate", "--weights", &checkpoint][..], &OTHER].concat()));

    for command in [
        &["reproduce", "--config", "out/config.toml", "--out", "again"][..],
        &["train", "--config", "out/config.toml", "--optimizer", "sgd", "--out", "again.safetensors"],
    ] {
        let line = refused(folder, &[command, &OTHER].concat());
        assert!(line.contains("found images of other") && line.contains("expected images of own"), "{line}");
    }
    let line = refused(folder, &["reproduce", "--config", "out/config.toml", "--out", "again", "--data", "mnist"]);
    assert!(line.contains("found MNIST") && line.contains("expected images of own"), "{line}");
    // The configuration names the folder of its data.
    well(folder, &["reproduce", "--config", "out/config.toml", "--out", "again", "--device", "cpu"]);
    let line = refused(folder, &["study", "seeds", "--config", "out/config.toml", "--data", "other"]);
    assert!(line.contains("found images of other"), "{line}");

    // The same data in another folder is accepted.
    fs::rename(folder.join("own"), folder.join("moved")).unwrap();
    let moved = ["--data", "moved", "--device", "cpu"];
    let output = well(folder, &[&["reproduce", "--config", "own.toml", "--out", "out"][..], &moved].concat());
    assert!(String::from_utf8_lossy(&output.stderr).contains("this run is already complete"));
    let train = ["train", "--config", "own.toml", "--optimizer", "sgd", "--out", "sgd.safetensors"];
    let output = well(folder, &[&train[..], &moved].concat());
    assert!(String::from_utf8_lossy(&output.stderr).contains("this model is already trained"));
}

fn checkpoint_of(folder: &Path) -> String {
    fs::read_dir(folder).unwrap().next().unwrap().unwrap().path().display().to_string()
}
