//! Sweeps: plan, run in several processes, stop, kill, fill the disk, gather.
#![cfg(unix)]

use super::survival::bench::{Bench, Fate, assert_same, contents};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const EXPERIMENT: &str = r#"
extends = "quick"
seeds = [1, 2]
epochs = 3
batch_size = 32
train_images = 160
test_images = 60
attacked_images = 2
certified_images = 0
spectrum_images = 0
epsilons = [0.1]
rhos = [0.01]
attack_epsilons = [0.1]
labels = ["clean"]
[grid]
epochs = [2, 3]
"#;

fn program(bench: &Bench, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("sweep").args(arguments).current_dir(bench.join("."));
    command
}

fn output(bench: &Bench, arguments: &[&str]) -> Output {
    program(bench, arguments).output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn well(bench: &Bench, arguments: &[&str]) -> String {
    let output = output(bench, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", errors(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The last line of a command that fails with code 2.
fn refused(bench: &Bench, arguments: &[&str]) -> String {
    let output = output(bench, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", errors(&output));
    errors(&output).lines().last().unwrap_or_default().to_owned()
}

/// Plans eight jobs into a folder.
fn plan(bench: &Bench, set: &str, out: &str) {
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    let arguments = [
        "plan",
        "--config",
        "own.toml",
        "--set",
        set,
        "--optimizers=sgd,adam",
        "--untimed",
        "--data=data",
        "--out",
        out,
    ];
    well(bench, &arguments);
}

/// The results of a sweep: its tables and public runs.
fn results(folder: &Path) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    contents(folder).into_iter().filter(|(path, _)| !path.starts_with("sweep")).collect()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn processes_share_a_folder_and_a_signal_asks_for_a_requeue() {
    let bench = Bench::new();
    let set = "batch_size=16";
    plan(&bench, set, "alone");
    well(&bench, &["run", "alone", "--all"]);
    assert!(well(&bench, &["gather", "alone"]).contains("8 of 8 jobs are done"));

    plan(&bench, set, "shared");
    // Gathering nothing says so.
    assert_eq!(output(&bench, &["gather", "shared"]).status.code(), Some(1));
    for (job, name) in [("6", "-TERM"), ("7", "-USR1")] {
        let mut command = program(&bench, &["run", "shared", "--job", job, "--save-every=0"]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.by_ref().any(|line| line.contains(" epoch ")));
        signal(&child, name);
        let lines: Vec<String> = lines.collect();
        assert_eq!(child.wait().unwrap().code(), Some(75), "{lines:?}");
        assert!(lines.last().unwrap().contains("resume with: cargo xtask sweep run shared --job"), "{lines:?}");
        let marks = bench.join("shared/sweep/claims/0000");
        assert!(marks.join(format!("{job}.released-1")).exists() && !marks.join(format!("{job}.done")).exists());
    }
    // A killed process is found to have ended.
    let mut command = program(&bench, &["run", "shared", "--job", "5", "--save-every=0"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line.contains(" epoch ")));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(well(&bench, &["status", "shared"]).contains("(ended)"));

    let workers: Vec<Child> = (0..3)
        .map(|_| program(&bench, &["run", "shared", "--all", "--threads=1"]).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let mut trained = Vec::new();
    for worker in workers {
        let output = worker.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        let lines = errors(&output);
        trained.extend(lines.lines().filter(|line| line.contains(": trained in")).map(|line| line.to_owned()));
    }
    assert_eq!(trained.len(), 8, "{trained:?}");
    well(&bench, &["run", "shared", "--jobs=0-7"]);
    well(&bench, &["gather", "shared"]);
    assert_same(&results(&bench.join("shared")), &results(&bench.join("alone")), "shared");
    assert!(bench.join("shared/sweep/claims/0000/5.claim-2").exists());
}

#[test]
fn a_study_is_a_sweep() {
    let bench = Bench::new();
    fs::write(bench.join("own.toml"), EXPERIMENT.split("[grid]").next().unwrap()).unwrap();
    let study = ["study", "matched", "--config=own.toml", "--seeds=1", "--optimizers=sgd,adam", "--out=results/one"];
    bench.run(&study, Fate::Spared).well();
    let plan = [
        "plan",
        "--study=matched",
        "--config=own.toml",
        "--seeds=1",
        "--optimizers=sgd,adam",
        "--data=data",
        "--out=results",
    ];
    well(&bench, &plan);
    well(&bench, &["run", "results", "--next"]);
    well(&bench, &["run", "results", "--all"]);
    let none = output(&bench, &["run", "results", "--next"]);
    assert_eq!(none.status.code(), Some(1), "{}", errors(&none));
    well(&bench, &["gather", "results"]);
    assert_same(&contents(&bench.join("results/studies")), &contents(&bench.join("results/one/studies")), "a sweep");
    assert!(bench.join("results/report.html").exists());
}

#[test]
fn wrong_input_is_one_line_and_nothing_is_lost() {
    let bench = Bench::new();
    plan(&bench, "batch_size=32", "results");
    for (arguments, part) in [
        (vec!["run", "results", "--job=8"], "job is 8; expected 0 to 7"),
        (vec!["run", "results", "--jobs=1-x"], "expected numbers and ranges"),
        (vec!["run", "elsewhere", "--job=0"], "found no plan of a sweep"),
        (vec!["status", "elsewhere"], "found no plan of a sweep"),
        (vec!["run", "results"], "--all"),
        (
            vec!["plan", "--config=own.toml", "--optimizers=sgd", "--untimed", "--data=data", "--out=results"],
            "found `8 jobs`, expected `4 jobs`",
        ),
        (vec!["plan", "--config=own.toml", "--grid=epochs=[1]", "--data=data", "--out=new"], "epochs is given twice"),
        (vec!["plan", "--preset=quick", "--rates=0.1", "--data=data", "--out=new"], "expected the study poison"),
    ] {
        let line = refused(&bench, &arguments);
        assert!(line.contains(part), "{arguments:?}: {line}");
    }
    let list = bench.join("results/sweep/jobs.jsonl");
    let whole = fs::read_to_string(&list).unwrap();
    fs::write(&list, whole.replace("\"seed\":1", "\"seed\":3")).unwrap();
    for arguments in [vec!["run", "results", "--job=0"], vec!["gather", "results"], vec!["status", "results"]] {
        let line = refused(&bench, &arguments);
        assert!(line.contains("jobs.jsonl, line 1: found check"), "{line}");
    }
    fs::write(&list, &whole).unwrap();
    // Other data gives other bytes, and is refused.
    let (labels, other) = (bench.join("data/t10k-labels-idx1-ubyte.gz"), bench.join("data/train-labels-idx1-ubyte.gz"));
    let kept = fs::read(&labels).unwrap();
    fs::write(&labels, fs::read(other).unwrap()).unwrap();
    refused(&bench, &["run", "results", "--job=0"]);
    fs::write(&labels, kept).unwrap();
    well(&bench, &["run", "results", "--job=0"]);
    well(&bench, &["run", "results", "--job=0"]);
    // A job that fails by itself is not tried again unless asked.
    fs::write(
        bench.join("bad.toml"),
        EXPERIMENT.replace("[grid]", "[grid]\n\"optimizers.sgd.learning_rate\" = [1e30]"),
    )
    .unwrap();
    let plan = ["plan", "--config=bad.toml", "--optimizers=sgd", "--untimed", "--data=data", "--out=bad"];
    well(&bench, &plan);
    for arguments in [["run", "bad", "--job=0"], ["run", "bad", "--job=0"]] {
        let failed = output(&bench, &arguments);
        assert_eq!(failed.status.code(), Some(1), "{}", errors(&failed));
    }
    assert!(bench.join("bad/sweep/claims/0000/0.failed-1").exists());
    let retried = output(&bench, &["run", "bad", "--job=0", "--retry"]);
    assert_eq!(retried.status.code(), Some(1));
    assert!(bench.join("bad/sweep/claims/0000/0.failed-2").exists());
}

#[test]
fn a_full_disk_loses_no_job() {
    let Some(bench) = Bench::with_interposer() else { return };
    plan(&bench, "batch_size=32", "alone");
    well(&bench, &["run", "alone", "--job=1"]);
    plan(&bench, "batch_size=32", "results");
    for number in [1, 2, 5, 9, 14, 20, 30] {
        let mut command = program(&bench, &["run", "results", "--job=1", "--patience=1", "--save-every=0"]);
        let output = command.env("LD_PRELOAD", bench.interposer()).env("MINIMA_FULL_FROM", number.to_string()).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{number}: {}", errors(&output));
        let line = errors(&output).lines().last().unwrap_or_default().to_owned();
        assert!(line.starts_with("error: ") && line.contains("space left"), "{number}: {line}");
    }
    well(&bench, &["run", "results", "--job=1", "--patience=1"]);
    assert_same(&results(&bench.join("results")), &results(&bench.join("alone")), "after a full disk");
}
