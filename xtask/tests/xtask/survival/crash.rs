//! Commands killed at forty moments resume to the same bytes as runs without a kill.
//!
//! The files after a kill depend only on the last file change before it. The moments are therefore drawn among a run's file
//! changes. A killed write may be half done.

use super::bench::{Bench, Fate, assert_same, contents};
use minima_rng::Key;
use std::fs;
use std::path::Path;

const KILLS: usize = 40;

/// Covers all optimizer states: moments, momentum, Kronecker factors, adaptive damping.
pub(crate) const EXPERIMENT: &str = r#"
extends = "extended"
epochs = 2
batch_size = 32
train_images = 160
test_images = 60
attacked_images = 4
spectrum_images = 0
epsilons = [0.1]
rhos = [0.01]
attack_epsilons = [0.1]
curve_epsilons = [0.05]
"#;

/// The commands, each with its number of kills.
const COMMANDS: [(&[&str], usize); 4] = [
    (&["reproduce", "--config", "own.toml", "--save-every", "0", "--out", "results/reproduced"], 20),
    (
        &[
            "train",
            "--config",
            "own.toml",
            "--optimizer",
            "ekfac",
            "--save-every=0",
            "--out",
            "results/trained/ekfac.safetensors",
        ],
        8,
    ),
    (
        &[
            "study",
            "seeds",
            "--config",
            "own.toml",
            "--seeds",
            "1",
            "--optimizers",
            "adam,kfac",
            "--save-every=0",
            "--threads=2",
            "--out",
            "results/studied",
        ],
        8,
    ),
    (
        &[
            "attack",
            "--weights",
            "weights.safetensors",
            "--attack",
            "square",
            "--steps=30",
            "--out",
            "results/attacked",
        ],
        4,
    ),
];

#[test]
fn killed_at_forty_moments_the_same_command_ends_with_the_same_bytes() {
    let Some(bench) = Bench::with_interposer() else { return };
    fs::write(bench.join("own.toml"), EXPERIMENT).unwrap();
    let weights = ["train", "--config", "own.toml", "--optimizer", "adam", "--out", "weights.safetensors"];
    bench.run(&weights, Fate::Spared).well();
    let mut kills = 0;
    for (number, (command, share)) in (0..).zip(COMMANDS) {
        let changes = bench.run(command, Fate::Spared).well().changes;
        fs::rename(bench.join("results"), bench.join("expected")).unwrap();
        let expected = contents(&bench.join("expected"));
        assert!(changes > share, "{command:?}: {changes} changes");
        let mut key = Key::new(number);
        let mut own = 0;
        while own < share {
            // Each attempt resumes the previous one and is killed after at most an eighth of the file changes.
            let (next, draw) = key.split();
            key = next;
            let moment = 1 + draw.bits(1)[0] as usize % (changes / 8).max(2);
            let end = bench.run(command, Fate::KilledAt(moment));
            match end.code() {
                None => own += 1,
                Some(0) => {
                    assert_same(&contents(&bench.join("results")), &expected, &format!("{command:?}"));
                    fs::remove_dir_all(bench.join("results")).unwrap();
                }
                Some(code) => panic!("{command:?}, killed at {moment}: exit {code}: {}", end.errors),
            }
        }
        bench.run(command, Fate::Spared).well();
        assert_same(&contents(&bench.join("results")), &expected, &format!("{command:?}, killed {own} times"));
        clean(&bench.join("results"));
        clean(&bench.join("expected"));
        eprintln!("{}: {changes} changes of files, {own} kills, the same bytes", command[0]);
        kills += own;
    }
    assert_eq!(kills, KILLS);
}

fn clean(folder: &Path) {
    fs::remove_dir_all(folder).unwrap();
}
