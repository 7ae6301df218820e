//! Results folders with parts: tables across the parts, parts that are missing or not complete, and comparisons.

use minima_config::Parts;
use minima_config::preset::Preset;
use minima_report::comparison::{ComparisonError, compare_parts};
use minima_report::results::ResultsError;
use minima_report::{attacks_table, models_table, part_rows, read_parts, write_parts_reports};
use minima_rows::{
    CLEAN, CurvatureMatrix, CurvatureRow, FgsmRow, PartQuantity, RobustnessRow, SpectralQuantity, TrainingRow,
    write_csv,
};
use std::fs;
use std::path::Path;

fn epoch(optimizer: &str, seed: u64, test_accuracy: f64) -> TrainingRow {
    TrainingRow {
        labels: CLEAN.to_owned(),
        optimizer: optimizer.to_owned(),
        seed,
        epoch: 1,
        train_loss: 0.25,
        train_accuracy: 0.9,
        test_loss: 0.3,
        test_accuracy,
        ..TrainingRow::default()
    }
}

fn robust(optimizer: &str, seed: u64, epsilon: f64, robust: u32) -> RobustnessRow {
    RobustnessRow {
        labels: CLEAN.to_owned(),
        optimizer: optimizer.to_owned(),
        seed,
        attack: "autoattack".to_owned(),
        norm: "linf".to_owned(),
        epsilon,
        images: 100,
        correct: 98,
        successes: 98 - robust,
        robust,
    }
}

fn eigenvalue(optimizer: &str, value: f64, converged: bool) -> CurvatureRow {
    CurvatureRow {
        labels: CLEAN.to_owned(),
        optimizer: optimizer.to_owned(),
        seed: 1,
        images: 64,
        matrix: CurvatureMatrix::Hessian,
        normalised: false,
        quantity: SpectralQuantity::Largest,
        rank: 1,
        value,
        residual: 0.5,
        converged,
    }
}

/// A folder with a part of two seeds, a part of one seed with curvature, and a third part without results.
fn results(folder: &Path) {
    Parts::new(["first", "second", "third"].map(str::to_owned), "test").unwrap().write(folder).unwrap();
    let (first, second) = (folder.join("first"), folder.join("second"));
    fs::create_dir_all(&first).unwrap();
    fs::create_dir_all(&second).unwrap();
    let config = |preset: &str| Preset::named(preset, &[]).unwrap().to_toml().unwrap();
    fs::write(first.join("config.toml"), config("quick")).unwrap();
    fs::write(second.join("config.toml"), config("standard")).unwrap();

    let epochs = [("sgd", 1, 0.90), ("sgd", 2, 0.94), ("adam", 1, 0.90), ("adam", 2, 0.92)];
    write_csv(&first.join("training.csv"), &epochs.map(|(name, seed, accuracy)| epoch(name, seed, accuracy))).unwrap();
    let fgsm = ["sgd", "adam"].map(|name| [1, 2].map(|seed| FgsmRow::new(CLEAN, name, seed, 0.1, 900, 450)));
    write_csv(&first.join("tables/fgsm.csv"), fgsm.as_flattened()).unwrap();
    let attacked = [("sgd", 1, 10), ("sgd", 2, 20), ("adam", 1, 40), ("adam", 2, 42)];
    let attacked = attacked.map(|(name, seed, images)| robust(name, seed, 0.1, images));
    write_csv(&first.join("tables/robustness.csv"), &attacked).unwrap();

    write_csv(&second.join("training.csv"), &[epoch("sgd", 1, 0.95), epoch("adam", 1, 0.7)]).unwrap();
    let fgsm = ["sgd", "adam"].map(|name| FgsmRow::new(CLEAN, name, 1, 8.0 / 255.0, 700, 70));
    write_csv(&second.join("tables/fgsm.csv"), &fgsm).unwrap();
    let curvature = [eigenvalue("sgd", 12.5, true), eigenvalue("adam", 50.0, false)];
    write_csv(&second.join("tables/curvature.csv"), &curvature).unwrap();
}

#[test]
fn tables_have_a_row_for_each_model_and_radius() {
    let folder = tempfile::tempdir().unwrap();
    results(folder.path());
    let parts = read_parts(folder.path(), |_| None).unwrap();
    let table = models_table(&parts);
    let header = ["part", "data set", "network", "optimizer", "seeds", "test accuracy", "train loss", "λ₁ of H"];
    assert_eq!(table.header, header);
    assert_eq!(table.rows[0][2..6], ["paper-cnn", "SGD", "2", "92.00 (90.00 to 94.00) %"]);
    assert_eq!(table.rows[2][0..4], ["`second`", "–", "resnet20", "SGD"]);
    assert_eq!([&table.rows[0][7], &table.rows[2][7]], ["–", "12.5"]);
    assert_eq!(table.rows[3][7], "50.0, not converged (± 0.50)");

    let table = attacks_table(&parts);
    let header = ["part", "data set", "network", "optimizer", "ε", "FGSM: success rate", "FGSM: robust accuracy"];
    assert_eq!(table.header[..7], header);
    assert_eq!(
        table.rows[1][3..],
        ["Adam", "0.1", "50.0 (50.0 to 50.0) %", "45.5 (45.0 to 46.0) %", "41.0 (40.0 to 42.0) %"]
    );
    assert_eq!(table.rows[2][3..], ["SGD", "8/255", "10.0 %", "85.5 %", "–"]);

    let rows = part_rows(&parts);
    let robust = rows.iter().filter(|row| row.quantity == PartQuantity::RobustAccuracy && row.attack == "autoattack");
    assert_eq!(robust.map(|row| row.value).collect::<Vec<_>>(), [0.1, 0.2, 0.4, 0.42]);
    assert!(rows.iter().all(|row| row.part != "third"));
}

#[test]
fn the_report_says_what_holds_where_and_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    results(folder.path());
    fs::create_dir(folder.path().join("second/unfinished")).unwrap();
    let parts = read_parts(folder.path(), |_| None).unwrap();
    write_parts_reports(folder.path(), &parts).unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let (page, text) = (read("report.html"), read("report.md"));
    for words in [
        "2 of 3 parts not complete:",
        "`third` has no results yet and is not in the tables.",
        "The run of `second` is not complete. These are its results so far.",
        "Robust accuracy is highest for Adam in `first` (41.0 %, AutoAttack at ε = 0.1). Optimizers are not ranked in `second`",
        "Test accuracy is highest for SGD in `first` (92.0 %) and SGD in `second` (95.0 %).",
        "is largest for Adam in `second` (50.0).",
        "[second/report.md](second/report.md)",
        "100 in `first`",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("third/report.md") && page.contains("href=\"second/report.html\""));
    assert!(page.contains("Accuracy before an attack (filled, above)") && page.contains("first: Adam"));
    // Reports follow from the files.
    write_parts_reports(folder.path(), &read_parts(folder.path(), |_| None).unwrap()).unwrap();
    assert_eq!((read("report.html"), read("report.md")), (page, text));
}

#[test]
fn what_is_wrong_with_parts_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = read_parts(folder.path(), |_| None).unwrap_err().to_string();
    assert!(error.contains(": found no parts.toml, expected"), "{error}");
    Parts::new(["a".to_owned()], "test").unwrap().write(folder.path()).unwrap();
    let error = read_parts(folder.path(), |_| None).unwrap_err();
    assert!(matches!(error, ResultsError::NoPart { .. }) && error.to_string().contains("subfolder: a"), "{error}");
    fs::create_dir(folder.path().join("a")).unwrap();
    fs::write(folder.path().join("a/training.csv"), "optimizer\n").unwrap();
    let error = read_parts(folder.path(), |_| None).unwrap_err().to_string();
    assert!(error.contains("a/training.csv: found the header \"optimizer\""), "{error}");
}

#[test]
fn parts_of_one_name_are_compared() {
    let [a, b] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    results(a.path());
    results(b.path());
    let same = compare_parts(a.path(), b.path()).unwrap();
    assert!(same.parts.len() == 2 && same.compared() && !same.changed());
    write_csv(&b.path().join("first/tables/robustness.csv"), &[robust("sgd", 1, 0.1, 80), robust("sgd", 2, 0.1, 85)])
        .unwrap();
    let changed = compare_parts(a.path(), b.path()).unwrap();
    assert!(changed.changed() && changed.parts[0].comparison.changed() && !changed.parts[1].comparison.changed());
    assert!(changed.to_string().ends_with("1 of 2 compared parts changed beyond noise."), "{changed}");
    fs::remove_dir_all(b.path().join("first")).unwrap();
    let missing = compare_parts(a.path(), b.path()).unwrap();
    assert!(missing.changed() && missing.only_in_a == ["first"]);
    let none = compare_parts(a.path(), &b.path().join("second")).unwrap_err();
    assert!(matches!(none, ComparisonError::NoParts { .. }), "{none}");
}
