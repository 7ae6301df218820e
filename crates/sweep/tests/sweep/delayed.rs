//! Processes that share a folder whose file system answers late, and repeats requests.

use super::worker::{FOLDER, check, plan};
use minima_sweep::{JobState, Sweep};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The library that delays the calls on files; `None` if it cannot be compiled here.
fn delay(folder: &Path) -> Option<PathBuf> {
    let library = folder.join("delay.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sweep/delay.c");
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").status();
    if !cfg!(target_os = "linux") || !compiled.is_ok_and(|status| status.success()) {
        eprintln!("skipped: delays need Linux and a C compiler");
        return None;
    }
    Some(library)
}

/// Starts a process that works on the plan until no job waits.
fn start(folder: &Path, delay: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["worker::works", "--exact", "--test-threads=1"])
        .env(FOLDER, folder)
        .env("LD_PRELOAD", delay)
        .env("MINIMA_DELAY", "3000")
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The lines of all workers' logs, sorted.
fn logged(folder: &Path) -> Vec<String> {
    let logs = fs::read_dir(folder).unwrap().flatten().filter(|e| e.file_name().to_string_lossy().starts_with("log-"));
    let lines =
        logs.flat_map(|log| fs::read_to_string(log.path()).unwrap().lines().map(str::to_owned).collect::<Vec<_>>());
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    lines
}

#[test]
fn processes_on_a_late_file_system_do_every_job_once() {
    const JOBS: u64 = 40;
    let (folder, tools) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(delay) = delay(tools.path()) else { return };
    let sweep = Sweep::new(plan(folder.path(), JOBS));
    let workers: Vec<Child> = (0..3).map(|_| start(folder.path(), &delay)).collect();
    for mut worker in workers {
        assert!(worker.wait().unwrap().success());
    }
    check(&sweep);
    let mut expected: Vec<String> = (0..JOBS).flat_map(|job| (0..3).map(move |step| format!("{job} {step}"))).collect();
    expected.sort();
    assert_eq!(logged(folder.path()), expected);
    let claims = fs::read_dir(folder.path().join("claims/0000")).unwrap();
    let names: Vec<String> = claims.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().all(|name| name.ends_with(".claim-1") || name.ends_with(".done")), "{names:?}");
}

#[test]
fn a_killed_worker_loses_its_job_to_the_next() {
    let (folder, tools) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(delay) = delay(tools.path()) else { return };
    let sweep = Sweep::new(plan(folder.path(), 12));
    let mut first = start(folder.path(), &delay);
    // Killed in the middle of its second job, or wherever it is then.
    while logged(folder.path()).len() < 4 {
        std::thread::yield_now();
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(start(folder.path(), &delay).wait().unwrap().success());
    let left: Vec<(u64, JobState)> =
        sweep.all_states().unwrap().into_iter().filter(|(_, state)| *state != JobState::Done).collect();
    assert!(left.len() <= 1, "{left:?}");
    for (job, state) in left {
        let JobState::Claimed { generation } = state else { panic!("job {job}: {state:?}") };
        let (note, _) = sweep.note(job, generation).unwrap();
        assert!(sweep.has_ended(&note));
        super::worker::work(&sweep, sweep.claim(job, generation).unwrap().unwrap(), &folder.path().join("log-0"));
    }
    check(&sweep);
    // No step was taken twice. The killed process may have taken one that it did not log.
    let steps = logged(folder.path());
    let mut once = steps.clone();
    once.dedup();
    assert_eq!(once, steps);
    assert!((35..=36).contains(&steps.len()), "{steps:?}");
}
