//! Diverging training: the step and its images are reported, the last good state is saved, and a study continues with its other
//! runs.

use super::bench::{Bench, Fate};
use super::crash::EXPERIMENT;
use minima_runs::training::TrainingState;
use std::fs;

#[test]
fn an_explosion_tells_its_batch_and_keeps_the_last_good_state() {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    let command = [
        "train",
        "--config",
        "own.toml",
        "--optimizer",
        "sgd",
        "--set=optimizers.sgd.learning_rate=1e7",
        "--save-every=0",
        "--out",
        "results/sgd.safetensors",
    ];
    let first = bench.run(&command, Fate::Spared);
    assert_eq!(first.code(), Some(2));
    assert!(first.errors.contains("epoch 1, step 2: the loss is"), "{}", first.errors);
    assert!(first.errors.contains("on the images ") && first.errors.contains("(32 in all)"), "{}", first.errors);
    let folder = bench.join("results/sgd.unfinished");
    let failure: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("failure.json")).unwrap()).unwrap();
    assert_eq!((failure["epoch"].as_u64(), failure["step"].as_u64()), (Some(1), Some(2)));
    let batch: Vec<u64> = failure["batch"].as_array().unwrap().iter().map(|image| image.as_u64().unwrap()).collect();
    assert!(batch.len() == 32 && batch.iter().all(|&image| image < 160));
    let state = TrainingState::read(&folder).unwrap().unwrap();
    // The state before the first step, which makes the weights explode.
    assert_eq!((state.progress.rows.len(), state.progress.step), (0, 0));
    assert!(state.weights.iter().all(|weight| weight.abs() < 2.0));
    assert!(!bench.join("results/sgd.safetensors").exists());
    // The command resumes from there and fails in the same way.
    let second = bench.run(&command, Fate::Spared);
    assert_eq!((second.code(), second.errors), (Some(2), first.errors));
}

#[test]
fn the_rest_of_a_study_goes_on_and_reports_it() {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    let command = [
        "study",
        "seeds",
        "--config",
        "own.toml",
        "--set=optimizers.sgd.learning_rate=1e7",
        "--set=labels=[\"clean\"]",
        "--seeds=1,2",
        "--optimizers=sgd,adam",
        "--out=results",
    ];
    let end = bench.run(&command, Fate::Spared);
    assert_eq!(end.code(), Some(1), "{}", end.errors);
    let failures = fs::read_to_string(bench.join("results/studies/seeds/failures.csv")).unwrap();
    assert_eq!(failures.lines().count(), 3, "{failures}");
    assert!(failures.contains("clean-sgd-1") && failures.contains("clean-sgd-2"), "{failures}");
    let report = fs::read_to_string(bench.join("results/report.md")).unwrap();
    assert!(report.contains("clean-sgd-1") && report.contains("the loss is"), "the report is silent");
    assert!(bench.join("results/studies/runs/clean-sgd-1/failure.json").exists());
    assert!(bench.join("results/studies/runs/clean-adam-2/training.csv").exists());
}
