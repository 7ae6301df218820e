//! Seeds of 2⁶³ and more are refused, because TOML integers cannot hold them.

use super::program::{EXPERIMENT, refused, well, write_checkpoint, write_data};
use std::fs;

/// 2⁶³ − 1, 2⁶³ and 2⁶⁴ − 1.
const LARGEST: &str = "9223372036854775807";
const TOO_LARGE: [&str; 2] = ["9223372036854775808", "18446744073709551615"];

#[test]
fn a_seed_that_toml_cannot_hold_is_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_data(&folder.join("data"), |label| label);
    write_checkpoint(&folder.join("weights.safetensors"));
    fs::write(folder.join("own.toml"), EXPERIMENT).unwrap();
    for seed in TOO_LARGE {
        let set = format!("seeds=[{seed}]");
        let text = EXPERIMENT.replace("[42]", &format!("[1, {seed}]"));
        fs::write(folder.join("large.toml"), text).unwrap();
        let seeds = format!("1,{seed}");
        for command in [
            &["reproduce", "--config", "own.toml", "--seeds", &seeds, "--out", "out"][..],
            &["reproduce", "--config", "own.toml", "--set", &set, "--out", "out"],
            &["reproduce", "--config", "large.toml", "--out", "out"],
            &["study", "seeds", "--config", "own.toml", "--seeds", seed, "--out", "out"],
            &["study", "seeds", "--config", "large.toml", "--out", "out"],
            &["train", "--config", "own.toml", "--optimizer", "sgd", "--seed", seed, "--out", "out"],
            &["train", "--config", "large.toml", "--optimizer", "sgd", "--out", "out"],
            &["tune", "--set", &set, "--out", "out"],
            &["tune", "--config", "large.toml", "--out", "out"],
            &["attack", "--weights", "weights.safetensors", "--attack", "pgd", "--seed", seed, "--out", "out"],
            &["attack", "--weights", "weights.safetensors", "--seed", seed],
            &["bench", "--time-to-accuracy", "0.5", "--config", "large.toml", "--out", "out"],
        ] {
            let line =
                refused(folder, &[command, &["--data", "data"][..2 * usize::from(command[0] != "bench")]].concat());
            assert!(line.contains("seed") || line.contains("large.toml") || line.contains("u64"), "{line}");
            assert!(!folder.join("out").exists() && !folder.join("out.toml").exists(), "{command:?}");
        }
    }
}

#[test]
fn a_folder_of_the_largest_seed_is_reported_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_data(&folder.join("data"), |label| label);
    fs::write(folder.join("own.toml"), EXPERIMENT).unwrap();
    let common = ["--config", "own.toml", "--data", "data"];
    well(folder, &[&["reproduce", "--seeds", LARGEST, "--out", "out"][..], &common].concat());
    well(folder, &["report", "out"]);
    well(folder, &["compare", "out", "out", "--strict"]);
    // The written configuration can be run again.
    well(folder, &["reproduce", "--config", "out/config.toml", "--data", "data", "--out", "again"]);
    assert_eq!(fs::read(folder.join("out/config.toml")).unwrap(), fs::read(folder.join("again/config.toml")).unwrap());
    // A folder of another version with a larger seed.
    let config = fs::read_to_string(folder.join("out/config.toml")).unwrap().replace(LARGEST, TOO_LARGE[0]);
    fs::write(folder.join("out/config.toml"), config).unwrap();
    for command in [&["report", "out"][..], &["compare", "out", "again"]] {
        assert!(refused(folder, command).contains("config.toml"), "{command:?}");
    }
}
