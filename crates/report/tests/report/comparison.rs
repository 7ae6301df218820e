//! Comparisons of two results folders: identical, with a planted change, with a change of the size of noise, and with missing
//! parts.

use minima_report::comparison::{Comparison, ComparisonError, compare};
use minima_rows::{CLEAN, FgsmRow, Scope, SharpnessRow, TrainingRow, read_csv, write_csv};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// The numbers in the files of one folder.
#[derive(Clone)]
struct Side {
    seeds: Vec<u64>,
    /// Successes against `adam` at ε = 0.1, of 9 700 images.
    successes: u32,
    train_loss: f64,
    median: f64,
}

const BASE: Side = Side { seeds: Vec::new(), successes: 7_000, train_loss: 0.08, median: 0.01 };

/// The deviation of seed `seed`: a whole number of steps from −2 to 2.
fn luck(seed: u64) -> f64 {
    (seed * 7 % 5) as f64 - 2.0
}

fn written(side: &Side) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let (mut training, mut fgsm, mut sharpness) = (Vec::new(), Vec::new(), Vec::new());
    for &seed in &side.seeds {
        for optimizer in ["adam", "sgd"] {
            let adam = optimizer == "adam";
            let successes = if adam { side.successes } else { 6_900 };
            let successes = (f64::from(successes) + 20.0 * luck(seed)) as u32;
            fgsm.push(FgsmRow::new(CLEAN, optimizer, seed, 0.1, 9_700, successes));
            let loss = if adam { side.train_loss } else { 0.2 };
            for epoch in 1..=2 {
                training.push(TrainingRow {
                    labels: CLEAN.to_owned(),
                    optimizer: optimizer.to_owned(),
                    seed,
                    epoch,
                    // Only the last epoch is compared.
                    train_loss: if epoch == 2 { loss * (1.0 + 0.01 * luck(seed)) } else { side.median },
                    train_accuracy: 0.97,
                    test_loss: 0.1,
                    test_accuracy: 0.97,
                    ..TrainingRow::default()
                });
            }
            sharpness.push(SharpnessRow::new(optimizer, seed, 0.01, Scope::Batch, 0.02, side.median));
        }
    }
    write_csv(&folder.path().join("training.csv"), &training).unwrap();
    write_csv(&folder.path().join("tables/fgsm.csv"), &fgsm).unwrap();
    write_csv(&folder.path().join("tables/sharpness.csv"), &sharpness).unwrap();
    folder
}

fn compared(a: &Side, b: &Side) -> Comparison {
    compare(written(a).path(), written(b).path()).unwrap()
}

/// Adds measurements of held-out images to the training curves of a folder.
fn validate(folder: &Path, loss: f64) {
    let path = folder.join("training.csv");
    let mut rows: Vec<TrainingRow> = read_csv(&path).unwrap();
    rows.iter_mut().for_each(|row| (row.validation_loss, row.validation_accuracy) = (Some(loss), Some(0.9)));
    write_csv(&path, &rows).unwrap();
}

/// The changed metrics, as "row: metric".
fn changed(comparison: &Comparison) -> Vec<String> {
    let metrics = comparison.files.iter().flat_map(|file| &file.metrics);
    metrics.filter(|metric| metric.changed).map(|metric| format!("{}: {}", metric.row, metric.metric)).collect()
}

#[test]
fn the_same_folder_twice_has_the_same_bytes() {
    let folder = written(&Side { seeds: vec![42], ..BASE });
    let comparison = compare(folder.path(), folder.path()).unwrap();
    assert_eq!(comparison.files.len(), 3);
    assert!(comparison.files.iter().all(|file| file.same_bytes && file.metrics.is_empty()));
    assert!(!comparison.changed());
    assert!(comparison.to_string().contains("tables/fgsm.csv: identical"), "{comparison}");
}

/// With one seed, 7 000 of 9 700 has a standard deviation of 44, and the difference of two such counts of 62. A change of 60 is
/// noise, a change of 500 is not.
#[test]
fn counts_of_one_seed_are_held_to_their_binomial_noise() {
    let one = Side { seeds: vec![42], ..BASE };
    let near = compared(&one, &Side { successes: 7_060, ..one.clone() });
    assert!(changed(&near).is_empty(), "{near}");
    assert!(near.to_string().contains("tables/fgsm.csv: 0 changed, 1 within noise, 3 equal"), "{near}");
    let far = compared(&one, &Side { successes: 7_500, ..one.clone() });
    assert_eq!(changed(&far), ["clean adam epsilon=0.1: successes"]);
    assert!(far.changed() && far.changes().rows.len() == 1);
}

#[test]
fn other_numbers_of_one_seed_have_a_tolerance() {
    let one = Side { seeds: vec![42], ..BASE };
    let near = compared(&one, &Side { train_loss: 0.0832, median: 0.0108, ..one.clone() });
    assert!(changed(&near).is_empty(), "{near}");
    let far = compared(&one, &Side { train_loss: 0.0868, median: 0.012, ..one.clone() });
    assert_eq!(
        changed(&far),
        [
            "clean adam: train_loss",
            "adam rho=0.01 batch: median_loss_increase",
            "sgd rho=0.01 batch: median_loss_increase"
        ]
    );
}

/// Five seeds on both sides, either the same seeds, which are paired, or different ones. A shift of 1 image in each seed is
/// noise, although seeds that shift alike give no error estimate. A shift of 400 images is not noise.
#[test]
fn several_seeds_are_tested_over_seeds() {
    let five = Side { seeds: vec![0, 1, 2, 3, 4], ..BASE };
    let others = Side { seeds: vec![5, 6, 7, 8, 9], ..BASE };
    assert!(changed(&compared(&five, &others)).is_empty());
    let shifted = |side: &Side, by: u32| Side { successes: side.successes + by, ..side.clone() };
    assert!(changed(&compared(&five, &shifted(&five, 1))).is_empty());
    assert_eq!(changed(&compared(&five, &shifted(&five, 400))), ["clean adam epsilon=0.1: successes"]);
    assert!(changed(&compared(&five, &shifted(&others, 1))).is_empty());
    let comparison = compared(&five, &shifted(&others, 400));
    assert_eq!(changed(&comparison), ["clean adam epsilon=0.1: successes"]);
    let metric = comparison.files.iter().flat_map(|file| &file.metrics).find(|metric| metric.changed).unwrap();
    assert_eq!((metric.seeds, metric.difference), (5, Some(400.0)));
}

#[test]
fn what_is_missing_is_named() {
    let one = Side { seeds: vec![42], ..BASE };
    let (a, b) = (written(&one), written(&Side { seeds: vec![42, 43], ..BASE }));
    fs::remove_file(b.path().join("tables/sharpness.csv")).unwrap();
    let comparison = compare(a.path(), b.path()).unwrap();
    assert!(comparison.changed(), "a file is gone");
    assert_eq!(comparison.only_in_a, ["tables/sharpness.csv"]);
    let fgsm = comparison.files.iter().find(|file| file.file == "tables/fgsm.csv").unwrap();
    assert_eq!(fgsm.only_in_b, ["clean adam epsilon=0.1 seed=43", "clean sgd epsilon=0.1 seed=43"]);
    assert!(comparison.to_string().contains("Only in A: tables/sharpness.csv"), "{comparison}");
}

/// Committed findings have their tables beside `training.csv`.
#[test]
fn a_flat_folder_is_a_results_folder() {
    let (a, b) = (written(&Side { seeds: vec![42], ..BASE }), tempfile::tempdir().unwrap());
    fs::copy(a.path().join("tables/fgsm.csv"), b.path().join("fgsm.csv")).unwrap();
    let comparison = compare(a.path(), b.path()).unwrap();
    assert_eq!(comparison.files.len(), 1);
    assert!(comparison.files[0].same_bytes);
}

#[test]
fn what_is_no_results_folder_is_an_error() {
    let a = written(&Side { seeds: vec![42], ..BASE });
    let refused = |folder: &Path| compare(a.path(), folder).unwrap_err();
    assert!(matches!(refused(Path::new("/no/such/folder")), ComparisonError::NoResults { .. }));
    let b = written(&Side { seeds: vec![43], ..BASE });
    let spoil = |text: &str| fs::write(b.path().join("tables/fgsm.csv"), text).unwrap();
    spoil("labels,optimizer\nclean,adam\n");
    assert!(matches!(refused(b.path()), ComparisonError::Column { column: "epsilon", .. }));
    spoil("labels,optimizer,seed,correct,epsilon,successes\nclean,adam,42,many,0.1,3\n");
    assert!(refused(b.path()).to_string().contains("\"many\""));
    spoil("labels,optimizer,seed,correct,epsilon,successes\nclean,adam\n");
    assert!(matches!(refused(b.path()), ComparisonError::Csv { .. }));
    fs::write(b.path().join("config.toml"), "=").unwrap();
    assert!(matches!(refused(b.path()), ComparisonError::Config { .. }));
}

/// Identical folders are reported as unchanged, and folders without common numbers are not.
#[test]
fn nothing_compared_is_not_called_nothing_changed() {
    let folder = written(&Side { seeds: vec![42], ..BASE });
    let same = compare(folder.path(), folder.path()).unwrap();
    assert!(same.compared());
    let text = same.to_string();
    assert!(text.ends_with("No number changed: all 3 files that are in both folders are identical."), "{text}");
    // Files with the same header and no common rows.
    let other = written(&Side { seeds: vec![42], ..BASE });
    for (one, file) in [(&folder, "training.csv"), (&folder, "tables/fgsm.csv"), (&folder, "tables/sharpness.csv")] {
        let text = fs::read_to_string(one.path().join(file)).unwrap();
        fs::write(one.path().join(file), format!("{}\n", text.lines().next().unwrap())).unwrap();
    }
    let nothing = compare(folder.path(), other.path()).unwrap();
    assert!(!nothing.compared() && !nothing.changed(), "{nothing}");
    let text = nothing.to_string();
    assert!(text.contains("Nothing could be compared") && !text.contains("0 of 0"), "{text}");
}

#[test]
fn held_out_images_are_compared_if_both_folders_have_them() {
    let side = Side { seeds: vec![1], ..BASE };
    let [without, with, other] = [&side, &side, &side].map(written);
    validate(with.path(), 0.3);
    validate(other.path(), 0.5);
    assert!(!compare(without.path(), with.path()).unwrap().changed());
    let found = changed(&compare(with.path(), other.path()).unwrap());
    assert_eq!(found, ["clean adam: validation_loss", "clean sgd: validation_loss"]);
}
