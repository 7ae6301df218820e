//! More threads than the address space allows are refused.

#![cfg(target_os = "linux")]

use super::program::{refused, write_checkpoint, write_data};
use std::process::Command;

#[test]
fn threads_without_address_space_are_an_error_and_no_abort() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_data(&folder.join("data"), |label| label);
    write_checkpoint(&folder.join("weights.safetensors"));
    // The limit is in KiB.
    let limited = |setting: &str, arguments: &str| {
        let program = env!("CARGO_BIN_EXE_xtask");
        let script = format!("ulimit -v 4000000; {setting} exec {program} {arguments} --data data");
        Command::new("sh").args(["-c", &script]).current_dir(folder).output().unwrap()
    };
    let evaluate = "evaluate --weights weights.safetensors --network paper-cnn --device cpu";
    for (setting, arguments, name) in [
        ("", format!("{evaluate} --threads 4000"), "--threads"),
        ("", "study seeds --threads 4000 --out out".to_owned(), "--threads"),
        ("RAYON_NUM_THREADS=4000", evaluate.to_owned(), "RAYON_NUM_THREADS"),
        ("RAYON_NUM_THREADS=4000", "attack --weights weights.safetensors --device cpu".to_owned(), "RAYON_NUM_THREADS"),
    ] {
        let output = limited(setting, &arguments);
        let line = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{setting} {arguments}: {line}");
        assert!(line.starts_with(&format!("error: {name} is 4000, which needs ")), "{line}");
        assert!(line.contains("MiB of address space") && line.lines().count() == 1, "{line}");
    }
    // A number of threads that fits is accepted.
    let output = limited("", &format!("{evaluate} --threads 64"));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn no_more_threads_than_a_process_can_map() {
    let folder = tempfile::tempdir().unwrap();
    let line = refused(folder.path(), &["evaluate", "--weights", "none", "--threads", "4097"]);
    assert!(line.contains("4097 is not in 1..=4096"), "{line}");
}
