//! Several experiments in one results folder are killed or stopped. The same command resumes and writes the same bytes.

use super::bench::{Bench, Fate, assert_same, contents};
use super::disk::EXPERIMENT;
use std::fs;

const COMMAND: [&str; 8] =
    ["reproduce", "--config", "first.toml", "--config", "second.toml", "--save-every=0", "--out", "results"];

#[test]
fn killed_parts_resume_to_the_same_bytes() {
    let Some(bench) = Bench::with_interposer() else { return };
    fs::write(bench.join("first.toml"), EXPERIMENT).unwrap();
    let second = EXPERIMENT.replace("epochs = 1", "epochs = 2\nnetwork = { name = \"mlp\", width = 4 }");
    fs::write(bench.join("second.toml"), second).unwrap();
    let changes = bench.run(&COMMAND, Fate::Spared).well().changes;
    let results = bench.join("results");
    let expected = contents(&results);
    assert!(expected.keys().any(|path| path.ends_with("first/report.html")) && changes > 12);
    for part in 0..8 {
        // Moments over the whole run, the first and the last ones among them.
        let kill = 1 + part * (changes - 1) / 7;
        fs::remove_dir_all(&results).unwrap();
        bench.run(&COMMAND, Fate::KilledAt(kill));
        bench.run(&COMMAND, Fate::Spared).well();
        assert_same(&contents(&results), &expected, &format!("killed at change {kill} of {changes}"));
    }
}
