//! Several experiments in one results folder: each part is a results folder, and the report covers all parts.

use super::own_data::{NETWORK, write_images};
use super::survival::bench::contents;
use minima_rows::{PartQuantity, PartRow, RobustnessRow, read_csv};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const COLOURS: &str = r##"
extends = "standard"
data = "colours"
network = { name = "mlp", width = 4, normalize = "data" }
seeds = [1, 2]
epochs = 2
batch_size = 16
attacked_images = 6
attack_epsilons = ["64/255"]
curve_epsilons = [0.1]
spectrum_images = 12

[optimizers.own]
kind = "sgd"
learning_rate = 0.05
label = "Own steps"
colour = "#123456"
"##;

const OTHERS: &str = r##"
extends = "standard"
data = "others"
network = { file = "mine.toml", width = 2 }
labels = ["clean", "poisoned"]
epochs = 1
batch_size = 16
attacked_images = 5
attacks = ["pgd"]
attack_epsilons = [0.1]
curve_epsilons = []
spectrum_images = 0

[optimizers.own]
kind = "sgd"
learning_rate = 0.01
label = "Other steps"
colour = "#654321"
"##;

/// A folder with two data sets and two experiments.
fn bench() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, train, test) in [("colours", 64, 18), ("others", 48, 12)] {
        let data = folder.path().join(name);
        fs::create_dir(&data).unwrap();
        write_images(&data, "train", train);
        write_images(&data, "t10k", test);
    }
    fs::write(folder.path().join("mine.toml"), NETWORK).unwrap();
    fs::write(folder.path().join("colours.toml"), COLOURS).unwrap();
    fs::write(folder.path().join("others.toml"), OTHERS).unwrap();
    folder
}

pub(super) fn call(folder: &Path, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments.split_whitespace()).current_dir(folder).output().unwrap()
}

/// What a command that succeeds prints, on standard output and on standard error.
pub(super) fn well(folder: &Path, arguments: &str) -> [String; 2] {
    let output = call(folder, arguments);
    let [printed, told] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{arguments}: {told}");
    [printed, told]
}

/// The line of a refusal.
pub(super) fn refused(folder: &Path, arguments: &str) -> String {
    let output = call(folder, arguments);
    let line = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), line.lines().count()), (Some(2), 1), "{arguments}: {line}");
    line
}

const BOTH: &str = "reproduce --config colours.toml --config others.toml --out out --device cpu";

#[test]
fn each_part_is_a_results_folder_and_the_report_covers_all() {
    let folder = bench();
    let folder = folder.path();
    let [printed, _] = well(folder, BOTH);
    assert!(printed.contains("All models") && printed.contains("a results folder for each part"), "{printed}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(read("out/parts.toml"), "parts = [\"colours\", \"others\"]\n");

    // A part has the bytes of the same experiment alone.
    well(folder, "reproduce --config others.toml --out alone --device cpu");
    assert!(
        contents(&folder.join("alone")) == contents(&folder.join("out/others")),
        "a part differs from its experiment"
    );

    // Every number of the table is one of the part's.
    let rows: Vec<PartRow> = read_csv(&folder.join("out/parts.csv")).unwrap();
    for part in ["colours", "others"] {
        let path = folder.join(format!("out/{part}/tables/robustness.csv"));
        let attacked: Vec<RobustnessRow> = read_csv(&path).unwrap();
        let own = rows.iter().filter(|row| row.part == part && row.attack != "fgsm");
        let own: Vec<_> = own.filter(|row| row.quantity == PartQuantity::RobustAccuracy).collect();
        assert!(own.len() == attacked.len() && !own.is_empty());
        for (row, attack) in own.into_iter().zip(&attacked) {
            let found = (&row.labels, &row.optimizer, row.seed, &row.attack, row.radius, row.value);
            let expected = (&attack.labels, &attack.optimizer, attack.seed, &attack.attack, Some(attack.epsilon));
            assert_eq!((found.0, found.1, found.2, found.3, found.4), expected);
            assert_eq!(found.5, attack.robust_accuracy());
        }
    }
    let networks: Vec<&str> = rows.iter().map(|row| row.network.as_str()).collect();
    assert!(networks.contains(&"mlp") && networks.contains(&"mine"));
    assert!(rows.iter().any(|row| row.optimizer == "own") && rows.iter().all(|row| !row.optimizer.contains("steps")));

    let (page, text) = (read("out/report.html"), read("out/report.md"));
    for report in [&page, &text] {
        for words in
            ["images of colours", "images of others", "mlp", "mine", "64/255", "poisoned", "Own steps", "Other steps"]
        {
            assert!(report.contains(words), "{words} is missing: {report}");
        }
        assert!(!report.contains("not complete"), "{report}");
    }
    assert!(page.contains("<caption><span>All models</span></caption>"));
    assert!(page.contains("id=\"part-1\"") && page.contains("id=\"part-2\""));
    assert!(page.contains("href=\"colours/report.html\"") && text.contains("(others/report.md)"));
    // Optimizers of one name have the colour of their own part.
    assert!(page.contains("#part-1 .s18{--c:#123456}") && page.contains("#part-2 .s18{--c:#654321}"));
    assert!(text.contains("reproduce --config colours/config.toml --config others/config.toml --out again"), "{text}");

    // Nothing is run again, and the reports follow from the files.
    let before = contents(&folder.join("out"));
    let [_, told] = well(folder, BOTH);
    assert!(told.matches("already complete").count() == 2 && !told.contains(" epoch "), "{told}");
    for name in ["out/report.html", "out/report.md", "out/parts.csv", "out/others/report.html"] {
        fs::remove_file(folder.join(name)).unwrap();
    }
    well(folder, "report out");
    assert!(contents(&folder.join("out")) == before, "the reports differ");

    // The same command from the folder itself runs the same experiments.
    let again = "reproduce --config out/colours/config.toml --config out/others/config.toml --out again --device cpu";
    well(folder, again);
    assert!(contents(&folder.join("again")) == before, "the repeated run differs");

    let [compared, _] = well(folder, "compare out again --strict");
    assert!(compared.contains("Part others") && compared.contains("0 of 2 compared parts changed"), "{compared}");
    let [json, _] = well(folder, "compare out again --json");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["parts"][0]["part"], "colours");
    assert!(refused(folder, "compare out alone").contains("alone: found no parts.toml, expected a folder with parts"));

    // A part that is missing is named.
    fs::remove_dir_all(folder.join("again/others")).unwrap();
    let [_, told] = well(folder, "report again");
    assert!(told.contains("others: found no results"), "{told}");
    let page = read("again/report.html");
    assert!(page.contains("1 of 2 parts not complete:") && page.contains("has no results yet"), "{page}");
    let missing = call(folder, "compare out again --strict");
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stdout).contains("Parts only in A: others"));

    // A folder keeps its kind.
    let one = refused(folder, "reproduce --config colours.toml --out out --device cpu");
    assert!(one.contains("parts.toml: found results in parts, expected the results of one experiment"), "{one}");
    let study = refused(folder, "study seeds --config colours.toml --out out");
    assert!(study.contains("found results in parts"), "{study}");
    let several = refused(folder, &BOTH.replace("--out out", "--out alone"));
    assert!(
        several.contains("config.toml: found the results of one experiment, expected results in parts"),
        "{several}"
    );
    let other = refused(folder, &format!("{BOTH} --set batch_size=8"));
    assert!(other.contains("colours/config.toml: found `batch_size = 16`, expected `batch_size = 8`"), "{other}");
    let twice = refused(folder, &BOTH.replace("others.toml", "colours.toml"));
    assert!(twice.contains("--preset and --config: found two parts with the name colours"), "{twice}");
}
