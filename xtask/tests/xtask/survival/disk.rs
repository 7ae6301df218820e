//! The disk fails at each file change in turn, or is full from then on. Files stay complete, and the command resumes later.

use super::bench::{Bench, Fate, assert_same, contents};
use minima_report::results::StudyResults;
use minima_runs::training::TrainingState;
use std::fs;
use std::path::PathBuf;

/// Four optimizers, a few steps each.
pub(crate) const EXPERIMENT: &str = r#"
extends = "quick"
epochs = 1
batch_size = 64
train_images = 160
test_images = 60
attacked_images = 2
spectrum_images = 0
epsilons = [0.1]
rhos = [0.01]
attack_epsilons = [0.1]
curve_epsilons = [0.05]
labels = ["clean"]
"#;

/// The number of runs in a study's `failures.csv`.
fn failed_runs(bench: &Bench) -> usize {
    let failures = fs::read_to_string(bench.join("results/studies/seeds/failures.csv"));
    failures.map_or(0, |rows| rows.lines().skip(1).count())
}

/// For every `stride`-th file change of the command: lets only this change fail, then lets the disk be full from this change on.
fn fail_in_turn(command: &[&str], stride: usize, whole: impl Fn(&Bench, &str)) {
    let Some(bench) = Bench::with_interposer() else { return };
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    let weights = ["train", "--config", "own.toml", "--optimizer", "adam", "--out", "weights.safetensors"];
    bench.run(&weights, Fate::Spared).well();
    let results = bench.join("results");
    let changes = bench.run(command, Fate::Spared).well().changes;
    let expected = contents(&results);
    let mut failures = 0;
    for number in (1..=changes).step_by(stride) {
        for fate in [Fate::FailsAt(number), Fate::FullFrom(number)] {
            let when = format!("{command:?}, {fate:?} of {changes}");
            fs::remove_dir_all(&results).unwrap();
            let end = bench.run(command, fate);
            // Failing to sync a folder or to remove a leftover is no error. A failed run of a study gives exit code 1.
            let tells = failed_runs(&bench) > 0;
            let codes = if tells { [Some(1), Some(2)] } else { [Some(0), Some(2)] };
            assert!(codes.contains(&end.code()), "{when}: {:?} {}", end.code(), end.errors);
            if end.code() == Some(2) {
                failures += 1;
                let line = end.errors.lines().last().unwrap_or_default();
                assert!(line.starts_with("error: "), "{when}: {line}");
            }
            // If runs of a study failed, its tables contain only the other runs.
            if results.exists() && !tells {
                for (path, bytes) in contents(&results) {
                    // Only temporary files may be incomplete.
                    let temporary = path.extension().is_some_and(|e| e == "tmp");
                    let unfinished = path.components().any(|c| c.as_os_str().to_string_lossy().contains("unfinished"));
                    if let Some(expected) = expected.get(&path).filter(|_| !temporary && !unfinished) {
                        let grows = path.file_name().is_some_and(|name| name == "training.csv");
                        let is_whole =
                            bytes == *expected || (grows && expected.starts_with(&bytes) && bytes.ends_with(b"\n"));
                        assert!(is_whole, "{when}: {path:?} is neither old nor new");
                    }
                }
            }
            whole(&bench, &when);
            bench.run(command, Fate::Spared).well();
            assert_same(&contents(&results), &expected, &when);
        }
    }
    eprintln!("{}: {changes} changes of files, {failures} failures, the same bytes after each", command[0]);
}

#[test]
fn train_leaves_whole_files_whatever_fails() {
    let command =
        ["train", "--config", "own.toml", "--optimizer", "adam", "--save-every=0", "--out", "results/adam.safetensors"];
    fail_in_turn(&command, 1, |bench, when| {
        let state = TrainingState::read(&bench.join("results/adam.unfinished"));
        assert!(state.is_ok(), "{when}: {state:?}");
    });
}

#[test]
fn attack_leaves_whole_files_whatever_fails() {
    let command = ["attack", "--weights", "weights.safetensors", "--attack", "fgsm", "--out", "results"];
    fail_in_turn(&command, 1, |_, _| ());
}

#[test]
fn study_leaves_whole_files_whatever_fails() {
    let command = [
        "study",
        "seeds",
        "--config",
        "own.toml",
        "--seeds=1",
        "--optimizers=sgd,adam",
        "--save-every=0",
        "--threads=1",
        "--out",
        "results",
    ];
    fail_in_turn(&command, 13, |bench, when| {
        let studies = StudyResults::read(&bench.join("results/studies"));
        assert!(studies.is_ok(), "{when}: {studies:?}");
    });
}

#[test]
fn reproduce_leaves_whole_files_whatever_fails() {
    let command = ["reproduce", "--config", "own.toml", "--out", "results"];
    fail_in_turn(&command, 19, |bench, when| {
        let checkpoints: PathBuf = bench.join("results/checkpoints");
        for entry in fs::read_dir(&checkpoints).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|e| e == "safetensors") {
                let bytes = fs::read(entry.path()).unwrap();
                assert!(bytes.len() > 27_000, "{when}: {:?}", entry.path());
            }
        }
    });
}
