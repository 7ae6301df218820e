//! Proofs of a trained model, from the command to its files.

use super::own_data::{NETWORK, write_images};
use super::parts::{refused, well};
use minima_rows::{BracketRow, Certainty, CertifiedAccuracyRow, CertifiedRow, read_csv};
use std::fs;

const EXPERIMENT: &str = r#"
extends = "standard"
data = "colours"
network = { name = "mlp", width = 12 }
epochs = 3
batch_size = 8
attacked_images = 0
spectrum_images = 0
certified_images = 12
certified_epsilons = ["2/255", "40/255"]
certified_domains = 50

[optimizers.sgd]
learning_rate = 0.02
"#;

#[test]
fn broken_proved_or_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let colours = folder.join("colours");
    fs::create_dir(&colours).unwrap();
    write_images(&colours, "train", 96);
    write_images(&colours, "t10k", 24);
    fs::write(folder.join("experiment.toml"), EXPERIMENT).unwrap();
    fs::write(folder.join("smooth.toml"), NETWORK).unwrap();
    well(folder, "reproduce --config experiment.toml --out out --device cpu");
    let rows: Vec<CertifiedAccuracyRow> = read_csv(&folder.join("out/tables/certified.csv")).unwrap();
    assert_eq!(rows.len(), 4, "two optimizers at two radii");
    for row in &rows {
        assert_eq!((row.images, row.proved + row.broken + row.undecided), (12, row.correct));
    }
    let report = fs::read_to_string(folder.join("out/report.md")).unwrap();
    assert!(report.contains("## Proofs (images of colours)"), "{report}");
    assert!(folder.join("out/figures/certified-accuracy.svg").is_file());

    // The command agrees with the experiment, and its file has the same bytes for any number of threads.
    let weights = "--weights out/checkpoints/clean-sgd-1.safetensors";
    let command = format!("certify {weights} --epsilons 2/255,40/255 --images 12 --budget 50");
    well(folder, &format!("{command} --out one --threads 1"));
    well(folder, &format!("{command} --out two --threads 2"));
    let bytes = |name: &str| fs::read(folder.join(name)).unwrap();
    assert_eq!(bytes("one/certified.csv"), bytes("two/certified.csv"));
    let certified: Vec<CertifiedRow> = read_csv(&folder.join("one/certified.csv")).unwrap();
    for row in rows.iter().filter(|row| row.optimizer == "sgd") {
        let of = |certainty| {
            let found = certified.iter().filter(|found| found.epsilon == row.epsilon && found.verdict == certainty);
            found.count() as u32
        };
        assert_eq!((of(Certainty::Proved), of(Certainty::Broken)), (row.proved, row.broken), "{}", row.epsilon);
    }
    assert!(certified.iter().all(|row| (row.verdict == Certainty::Proved) <= (row.bound.unwrap_or(0.0) > 0.0)));

    // A bracket holds what is known at single radii.
    well(folder, &format!("certify {weights} --radius --images 12 --budget 50 --out brackets"));
    let brackets: Vec<BracketRow> = read_csv(&folder.join("brackets/brackets.csv")).unwrap();
    for row in &certified {
        let bracket = &brackets[row.image as usize];
        match row.verdict {
            Certainty::Proved => {
                assert!(bracket.broken.is_none_or(|broken| row.epsilon < broken), "{row:?} {bracket:?}")
            }
            Certainty::Broken => assert!(bracket.proved < row.epsilon, "{row:?} {bracket:?}"),
            Certainty::Misclassified => assert_eq!((bracket.proved, bracket.broken), (0.0, Some(0.0))),
            Certainty::Undecided => {}
        }
    }

    // A smooth network has bounds. Its proofs have no certificates, which are refused with the operation's name.
    well(
        folder,
        "train --config experiment.toml --network smooth.toml --optimizer sgd --epochs 1 --out gelu.safetensors",
    );
    well(folder, "certify --weights gelu.safetensors --images 12 --epsilons 0.0001,0.001 --budget 50 --out gelu");
    let smooth: Vec<CertifiedRow> = read_csv(&folder.join("gelu/certified.csv")).unwrap();
    assert!(smooth.iter().any(|row| row.verdict == Certainty::Proved), "{smooth:?}");
    let line = refused(
        folder,
        "certify --weights gelu.safetensors --images 2 --epsilons 0.001 --out with-certificates --certificates",
    );
    assert!(line.contains("cannot be checked") && line.contains("layer "), "{line}");
}
