//! The data set of a preset: recorded by a run, read back, and compared.

use minima_config::DataIdentity;
use minima_config::preset::{Preset, PresetError};
use minima_data::{Dataset, FileHash, Splits, mnist};
use ndarray::Array2;

/// Blank images whose files have these hashes.
fn data(folder: &str, hashes: [&str; 4]) -> Splits {
    let blank = |n: usize| Dataset::new(Array2::zeros((n, 784)), vec![0; n], [28, 28, 1], 10).unwrap();
    let hash = |(name, sha256): (&str, &str)| FileHash {
        file: format!("{folder}/{name}.gz").into(),
        sha256: sha256.to_owned(),
    };
    let hashes = mnist::FILES.map(|(name, _)| name).into_iter().zip(hashes).map(hash).collect();
    Splits::new(blank(200), blank(100), "", hashes)
}

fn preset(set: &[&str]) -> Preset {
    let set: Vec<String> =
        ["train_images=200", "test_images=100"].iter().chain(set).map(|set| (*set).to_owned()).collect();
    Preset::named("quick", &set).unwrap()
}

#[test]
fn a_configuration_names_its_data_and_reads_back() {
    for (hashes, name) in [(mnist::FILES.map(|(_, hash)| hash), "MNIST"), (["a", "b", "c", "d"], "images of here")] {
        let data = data("somewhere/here", hashes);
        let described = preset(&[]).on_data(&data).unwrap();
        let text = described.to_toml().unwrap();
        assert!(text.contains(&format!("data_name = \"{name}\"\n")), "{text}");
        let read = Preset::from_text(&text, "config.toml", &[]).unwrap();
        assert_eq!(read, described);
        assert_eq!(read.data_identity(), Some(DataIdentity::of(&data)));
        assert_eq!(read.clone().on_data(&data).unwrap(), read);
    }
}

#[test]
fn a_configuration_takes_its_own_data_and_no_other() {
    let own = data("here", ["a", "b", "c", "d"]);
    let described = preset(&[]).on_data(&own).unwrap();
    described.check_against(&data("moved", ["a", "b", "c", "d"])).unwrap();
    let error = described.check_against(&data("there", ["a", "b", "other", "d"])).unwrap_err();
    assert!(matches!(error, PresetError::Data(_)));
    let message = error.to_string();
    let expected =
        "found images of there (t10k-images-idx3-ubyte with SHA-256 other), expected images of here (SHA-256 c)";
    assert!(message.starts_with(expected), "{message}");
    // A configuration without a data set accepts any data.
    preset(&[]).check_against(&own).unwrap();
}
