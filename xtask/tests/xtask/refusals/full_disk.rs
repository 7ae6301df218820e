//! Output that cannot be written: a full disk is an error, a closed pipe is not.

#![cfg(target_os = "linux")]

use super::program::{EXPERIMENT, well, write_checkpoint, write_data};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// A file on which every write fails as on a full disk; `None` if the system has no such device.
fn full() -> Option<File> {
    let full = File::options().write(true).open("/dev/full").ok();
    if full.is_none() {
        eprintln!("skipped: found no /dev/full");
    }
    full
}

/// A folder with data, a checkpoint and results.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_data(&folder.path().join("data"), |label| label);
    write_checkpoint(&folder.path().join("weights.safetensors"));
    fs::write(folder.path().join("own.toml"), EXPERIMENT).unwrap();
    let run = ["reproduce", "--config", "own.toml", "--data", "data", "--device", "cpu", "--out", "out"];
    well(folder.path(), &run);
    folder
}

fn commands() -> Vec<Vec<&'static str>> {
    [
        "--help",
        "--version",
        "reproduce --help",
        "help attack",
        "reproduce --config own.toml --data data --device cpu --out out",
        "report out",
        "train --config own.toml --optimizer sgd --data data --device cpu --out sgd.safetensors",
        "study seeds --config own.toml --data data --out out",
        "evaluate --weights weights.safetensors --network paper-cnn --data data --device cpu",
        "evaluate --weights weights.safetensors --network paper-cnn --data data --device cpu --json",
        "attack --list",
        "attack --weights weights.safetensors --network paper-cnn --data data --device cpu --attack fgsm",
        "attack --weights weights.safetensors --network paper-cnn --data data --device cpu --attack fgsm --json",
        "compare out out",
        "compare out out --json",
        "data list",
        "bench --filter no-such-name",
        "bench --filter no-such-name --json",
    ]
    .map(|line| line.split(' ').collect())
    .into()
}

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).current_dir(folder);
    command
}

#[test]
fn lost_output_is_an_error_of_every_command() {
    let Some(full) = full() else { return };
    let folder = folder();
    for arguments in commands() {
        let output = program(folder.path(), &arguments).stdout(full.try_clone().unwrap()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        let last = errors.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: standard output: ") && last.contains("space"), "{arguments:?}: {errors}");
        let told = errors.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(told, 1, "{arguments:?}: {errors}");
    }
}

#[test]
fn lost_messages_are_an_error_too() {
    let Some(full) = full() else { return };
    let folder = folder();
    // The command reports on standard error that the run is complete.
    let run = ["reproduce", "--config", "own.toml", "--data", "data", "--device", "cpu", "--out", "out"];
    let status = program(folder.path(), &run).stdout(Stdio::null()).stderr(full).status().unwrap();
    assert_eq!(status.code(), Some(2));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = folder();
    for arguments in commands() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program(folder.path(), &arguments).stdout(writer).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
        assert!(!errors.contains("error"), "{arguments:?}: {errors}");
    }
}
