//! Optimizers that bring their label, colour and family in the preset.

use minima_config::preset::Preset;
use minima_report::figures::{TrainingCurves, WithOptimizers, svg};
use minima_report::results::Results;
use minima_report::{OwnOptimizer, html, write_reports};
use minima_rows::{CLEAN, FgsmRow, TrainingRow, write_csv};
use std::fs;
use std::path::Path;

const PRESET: &str = r#"
extends = "quick"

[optimizers.large-steps]
kind = "sgd"
learning_rate = 0.1
"#;

const KEYS: &str = r##"
label = "SGD (large steps)"
colour = "#0a7f3c"
family = "first order"
"##;

fn preset(keys: &str) -> Preset {
    Preset::from_text(&format!("{PRESET}{keys}"), "mine.toml", &[]).unwrap()
}

fn training() -> Vec<TrainingRow> {
    let row = |optimizer: &str, epoch: u32| TrainingRow {
        labels: CLEAN.to_owned(),
        optimizer: optimizer.to_owned(),
        seed: 42,
        epoch,
        train_loss: 0.5 / f64::from(epoch),
        train_accuracy: 0.9,
        test_loss: 0.4,
        test_accuracy: 0.95,
        ..TrainingRow::default()
    };
    ["adam", "large-steps"].into_iter().flat_map(|optimizer| [row(optimizer, 1), row(optimizer, 2)]).collect()
}

/// Results of the preset with these keys.
fn results(folder: &Path, keys: &str) -> Results {
    fs::write(folder.join("config.toml"), preset(keys).to_toml().unwrap()).unwrap();
    write_csv(&folder.join("training.csv"), &training()).unwrap();
    let fgsm = ["adam", "large-steps"].map(|optimizer| FgsmRow::new(CLEAN, optimizer, 42, 0.1, 9_700, 7_000));
    write_csv(&folder.join("tables/fgsm.csv"), &fgsm).unwrap();
    Results::read(folder).unwrap()
}

#[test]
fn a_report_shows_label_colour_and_family() {
    let folder = tempfile::tempdir().unwrap();
    let results = results(folder.path(), KEYS);
    write_reports(folder.path(), &results, None).unwrap();
    let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
    let (page, text) = (read("report.html"), read("report.md"));
    // The colour is a class of its own, lighter on a dark page, and series and legends have this class.
    assert!(page.contains(".s18{--c:#0a7f3c}") && page.contains(".s18{--c:#78b994}"));
    assert!(page.matches("s18\"").count() > 2, "{page}");
    assert!(page.matches("SGD (large steps)").count() > 4 && text.matches("SGD (large steps)").count() > 2);
    // The name in the files is told once.
    assert_eq!((page.matches("large-steps").count(), text.matches("large-steps").count()), (1, 1), "{text}");
    assert!(page.contains("first order") && text.contains("first order"));
    // The built-in appearance of other optimizers stays.
    assert!(page.contains(".s1{--c:#0072b2}") && page.contains("Adam"));
}

#[test]
fn without_the_keys_the_name_is_shown_in_grey() {
    let folder = tempfile::tempdir().unwrap();
    let results = results(folder.path(), "");
    assert!(results.optimizers.is_empty());
    let page = html::page(&results, None).unwrap();
    assert!(
        page.contains("large-steps")
            && page.contains("s11\"")
            && !page.contains(".s18")
            && !page.contains("name in the files")
    );
}

#[test]
fn a_figure_shows_label_and_colour() {
    let (figure, own) = (TrainingCurves { rows: training(), reference: None }, OwnOptimizer::all(&preset(KEYS)));
    let drawn = svg(&WithOptimizers { figure: &figure, optimizers: &own }).unwrap();
    assert!(drawn.contains("SGD (large steps)") && !drawn.contains("large-steps"));
    assert!(drawn.to_ascii_lowercase().contains("#0a7f3c"));
    let plain = svg(&figure).unwrap();
    assert!(plain.contains("large-steps") && !plain.to_ascii_lowercase().contains("#0a7f3c"));
    assert_eq!(svg(&WithOptimizers { figure: &figure, optimizers: &[] }).unwrap(), plain);
}
