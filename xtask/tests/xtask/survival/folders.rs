//! Folders of another configuration are refused. `--fresh` moves them aside and deletes nothing.

use super::bench::{Bench, Fate, contents};
use super::crash::EXPERIMENT;
use std::fs;

/// Runs the command. Runs it with the option `other`, which is refused because of `difference`. Then repeats that with `--fresh`.
fn refused_then_moved(experiment: &str, command: &[&str], other: &str, difference: [&str; 2], aside: &str) {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), experiment).unwrap();
    bench.run(&["train", "--config", "own.toml", "--optimizer", "adam", "--out", "w.safetensors"], Fate::Spared).well();
    bench.run(command, Fate::Spared).well();
    let before = contents(&bench.join("results"));

    let changed = [command, &[other]].concat();
    let end = bench.run(&changed, Fate::Spared);
    assert_eq!(end.code(), Some(2), "{}", end.errors);
    let [found, expected] = difference;
    let words = format!("found `{found}`, expected `{expected}`");
    assert!(end.errors.contains(&words) && end.errors.lines().count() == 1, "{words}: {}", end.errors);
    assert_eq!(contents(&bench.join("results")), before);

    bench.run(&[&changed[..], &["--fresh"]].concat(), Fate::Spared).well();
    let mut moved = contents(&bench.join(aside));
    for (path, bytes) in &before {
        let name = path.strip_prefix("studies").unwrap_or(path);
        // Reports stay in the parent folder of the studies.
        if !path.starts_with("report.md") && !path.starts_with("report.html") || aside == "results.before-1" {
            assert_eq!(moved.remove(name).as_ref(), Some(bytes), "{path:?}");
        }
    }
    assert!(moved.is_empty());
    bench.run(&changed, Fate::Spared).well();
}

#[test]
fn of_reproduce() {
    let command = ["reproduce", "--config", "own.toml", "--out", "results"];
    let difference = ["epochs = 1", "epochs = 2"];
    refused_then_moved(super::disk::EXPERIMENT, &command, "--set=epochs=2", difference, "results.before-1");
}

#[test]
fn of_train() {
    let command = ["train", "--config", "own.toml", "--optimizer", "sgd", "--out", "results/sgd.safetensors"];
    let difference = ["seed = 42", "seed = 7"];
    refused_then_moved(EXPERIMENT, &command, "--seed=7", difference, "results/sgd.before-1");
}

#[test]
fn of_study() {
    let command = ["study", "matched", "--config", "own.toml", "--seeds=1", "--optimizers=sgd", "--out", "results"];
    let difference = ["batch_size = 32", "batch_size = 16"];
    refused_then_moved(EXPERIMENT, &command, "--set=batch_size=16", difference, "results/studies.before-1");
}

#[test]
fn of_study_whose_runs_are_the_same() {
    let command = ["study", "seeds", "--config", "own.toml", "--seeds=1", "--optimizers=sgd", "--out", "results"];
    let difference = ["rhos = [0.01]", "rhos = [0.02]"];
    refused_then_moved(EXPERIMENT, &command, "--set=rhos=[0.02]", difference, "results/studies.before-1");
}

#[test]
fn of_attack() {
    let command = ["attack", "--weights", "w.safetensors", "--attack", "fgsm", "--out", "results"];
    refused_then_moved(EXPERIMENT, &command, "--images=50", ["images = 60", "images = 50"], "results.before-1");
}

#[test]
fn a_checkpoint_that_does_not_say_what_it_is_is_not_overwritten() {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    fs::write(bench.join("w.safetensors"), "precious").unwrap();
    let command = ["train", "--config", "own.toml", "--optimizer", "adam", "--out", "w.safetensors"];
    let end = bench.run(&command, Fate::Spared);
    assert_eq!(end.code(), Some(2), "{}", end.errors);
    assert_eq!(fs::read_to_string(bench.join("w.safetensors")).unwrap(), "precious");
    bench.run(&[&command[..], &["--fresh"]].concat(), Fate::Spared).well();
    assert_eq!(fs::read_to_string(bench.join("w.before-1/w.safetensors")).unwrap(), "precious");
}

#[test]
fn what_has_ended_is_not_run_again() {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), super::disk::EXPERIMENT).unwrap();
    let reproduce: &[&str] =
        &["reproduce", "--config", "own.toml", "--set=optimizers.sgd.learning_rate=0.01", "--out", "results"];
    let train: &[&str] = &["train", "--config", "own.toml", "--optimizer", "sgd", "--out", "results/sgd.safetensors"];
    for (command, words) in
        [(reproduce, "this run is already complete; --fresh"), (train, "this model is already trained; --fresh")]
    {
        bench.run(command, Fate::Spared).well();
        let before = contents(&bench.join("results"));
        let again = bench.run(command, Fate::Spared).well();
        assert!(again.errors.contains(words) && !again.errors.contains(" epoch "), "{}", again.errors);
        assert_eq!(contents(&bench.join("results")), before);
    }
}
