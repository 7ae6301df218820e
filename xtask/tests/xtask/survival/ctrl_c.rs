//! Ctrl-C: the step is finished, the state is saved, the exit code is 130, and the command resumes.

use super::bench::{Bench, Fate, assert_same, contents};
use super::crash::EXPERIMENT;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// Starts the command and waits for its first epoch. Returns the process and its further output lines.
fn started(bench: &Bench, command: &[&str]) -> (Child, impl Iterator<Item = String>) {
    let mut child = bench.command(command).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line.contains(" epoch ")), "{command:?} trained nothing");
    (child, lines)
}

const LONG: [&str; 8] =
    ["train", "--config", "own.toml", "--set=epochs=400", "--optimizer", "adam", "--out", "results/adam.safetensors"];

#[test]
fn the_first_keeps_the_state_and_the_same_command_goes_on() {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    bench.run(&LONG, Fate::Spared).well();
    let expected = contents(&bench.join("results"));
    fs::remove_dir_all(bench.join("results")).unwrap();

    let (mut child, lines) = started(&bench, &LONG);
    interrupt(&child);
    let lines: Vec<String> = lines.filter(|line| !line.starts_with("[1/1]")).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("stopping after this step"), "{lines:?}");
    assert!(lines[1].contains("resume with: cargo xtask train --config own.toml --set=epochs=400"), "{lines:?}");
    assert!(bench.join("results/adam.unfinished/state.json").exists());
    assert!(!bench.join("results/adam.safetensors").exists());

    bench.run(&LONG, Fate::Spared).well();
    assert_same(&contents(&bench.join("results")), &expected, "after Ctrl-C");
}

#[test]
fn the_second_ends_at_once_and_what_is_there_is_gone_on_from() {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    let (mut child, lines) = started(&bench, &LONG);
    // A closed standard error must not lose the state.
    drop(lines);
    interrupt(&child);
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    bench.run(&LONG, Fate::Spared).well();
}

#[test]
fn a_study_keeps_the_states_of_all_its_runs() {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    let command = [
        "study",
        "matched",
        "--config",
        "own.toml",
        "--set=epochs=60",
        "--seeds=1",
        "--optimizers=sgd,adam,kfac",
        "--threads=2",
        "--out=results",
    ];
    bench.run(&command, Fate::Spared).well();
    let expected = contents(&bench.join("results"));
    fs::remove_dir_all(bench.join("results")).unwrap();
    let (mut child, lines) = started(&bench, &command);
    interrupt(&child);
    let lines: Vec<String> = lines.filter(|line| !line.contains(" epoch ")).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("failed")), "{lines:?}");
    // An invalid state only restarts its own run.
    let kept =
        fs::read_dir(bench.join("results/studies/runs")).unwrap().flatten().map(|run| run.path().join("state.json"));
    let kept: Vec<_> = kept.filter(|state| state.exists()).collect();
    fs::write(kept.first().expect("no run kept its state"), "{}").unwrap();
    bench.run(&command, Fate::Spared).well();
    assert_same(&contents(&bench.join("results")), &expected, "after Ctrl-C");
}

#[test]
fn two_runs_do_not_share_a_folder() {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    let (mut child, lines) = started(&bench, &LONG);
    let refused = bench.run(&LONG, Fate::Spared);
    assert_eq!(refused.code(), Some(2));
    assert!(refused.errors.contains("another run is writing"), "{}", refused.errors);
    interrupt(&child);
    drop(lines);
    child.wait().unwrap();
}
