//! The script for a machine with a GPU, `.ci/gpu`, with programs that stand for the real ones.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Runs the script with a program of tests that executes `tests`, and a program of commands that prints a line. Returns the
/// status and the report.
fn run(tests: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{text}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    program("gpu-tests", tests);
    program("minima", "echo \"minima $*\"");
    fs::write(folder.path().join("revision"), "0123abc\n").unwrap();
    let report = folder.path().join("gpu.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut command = Command::new("bash");
    command.arg(root.join(".ci/gpu")).arg(folder.path()).arg(&report).env("MINIMA_GPU_SECONDS", "8");
    let output = command.output().unwrap();
    let text = fs::read_to_string(&report)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), text)
}

#[test]
fn every_stage_says_why_without_a_device() {
    let (status, report) = run("echo 'test it_keeps_the_contract ... skipped: the driver is missing: no libcuda'");
    assert_eq!(status, Some(2), "{report}");
    assert!(report.contains("Revision 0123abc"), "{report}");
    // The machine is described without a device too.
    let script = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/gpu")).unwrap();
    let stages = script.lines().filter(|line| line.starts_with("stage ")).count() - 1;
    assert!(stages > 10, "{script}");
    assert_eq!(report.matches("Not run: no device. the driver is missing: no libcuda").count(), stages, "{report}");
    // The lower bounds need no device.
    assert!(report.contains("minima bench --floors"), "{report}");
    assert!(report.trim_end().ends_with("No device: the driver is missing: no libcuda"), "{report}");
}

#[test]
fn a_stage_that_fails_or_takes_too_long_is_named_and_the_next_one_runs() {
    let tests = "case \"${@: -1}\" in\n\
                 kernels_agree_with_the_cpu) echo 'kernel 7: FAILED'; exit 101 ;;\n\
                 the_same_bits_come_every_time) exec sleep 60 ;;\n\
                 *) echo \"ok: ${@: -1}\" ;;\nesac";
    let (status, report) = run(tests);
    assert_eq!(status, Some(1), "{report}");
    assert!(report.contains("ok: it_keeps_the_contract"), "{report}");
    assert!(report.contains("kernel 7: FAILED"), "{report}");
    assert!(report.contains("- Every kernel against the processor (status 101)"), "{report}");
    assert!(report.contains("**Not finished** within "), "{report}");
    // The time of all stages is over, and the report says what was not run.
    assert!(report.contains("- Times of the paper's network (not run)"), "{report}");
}
