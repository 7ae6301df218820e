//! The study `precision`, end to end on a few images.

use minima_config::preset::Preset;
use minima_data::mnist;
use minima_rows::{DriftRow, PrecisionRow, read_csv};
use minima_runs::machine::Machine;
use minima_runs::training::Keeping;
use minima_studies::{Study, StudyEvent, StudyOptions, claim, run_study};

#[test]
fn every_arithmetic_is_measured_and_compared_with_double_precision() {
    let (data, out) = (mnist::load_default().unwrap(), tempfile::tempdir().unwrap());
    let set = ["seeds=[1]", "epochs=2", "batch_size=32", "train_images=64", "test_images=50", "epsilons=[0.1, 0.01]"];
    let preset = Preset::named("studies", &set.map(str::to_owned)).unwrap();
    let mut options = StudyOptions::new(preset, &[], 2);
    options.variants = vec!["coupled".to_owned(), "mean".to_owned()];
    let folder = claim(out.path(), false).unwrap().0;
    run_study(Study::Precision, &options, &data, &Machine::Processor, &folder, &Keeping::default(), &|event| {
        assert!(!matches!(event, StudyEvent::Failed { .. }), "{event:?}");
    })
    .unwrap();

    let folder = out.path().join("studies/precision");
    let rows: Vec<PrecisionRow> = read_csv(&folder.join("precision.csv")).unwrap();
    // Two variants in four arithmetics, two epochs, two radii.
    assert_eq!(rows.len(), 2 * 4 * 2 * 2);
    assert!(rows.iter().all(|row| row.successes <= row.correct && row.correct <= 50));
    let first_losses: Vec<f64> = rows.iter().filter(|row| row.epoch == 1).map(|row| row.train_loss).collect();
    // Four steps at learning rate 0.01: if the optimizer is the same, the arithmetic has changed little so far.
    for losses in first_losses.chunks(8) {
        assert!(losses.iter().all(|loss| (loss - losses[0]).abs() < 0.02), "{losses:?}");
    }

    let drift: Vec<DriftRow> = read_csv(&folder.join("drift.csv")).unwrap();
    assert_eq!(drift.len(), 2 * 3 * 2 * 7);
    for ranges in drift.chunks(7) {
        let row = &ranges[0];
        assert!(row.distance > 0.0 && row.distance < row.travelled, "{row:?}");
        // The weights of a spectral measure sum to 1.
        assert!((ranges.iter().map(|row| row.share).sum::<f64>() - 1.0).abs() < 1e-10);
        assert!(ranges.windows(2).all(|pair| pair[0].curvature_to == pair[1].curvature_from));
    }
    // With fewer bits, the distance to the run in double precision is larger.
    for of_variant in drift.chunks(3 * 2 * 7) {
        let last = |arithmetic: &str| {
            let mut rows = of_variant.iter().filter(|row| row.arithmetic == arithmetic && row.epoch == 2);
            rows.next().unwrap().distance
        };
        assert!(last("f32") < last("tf32") && last("tf32") < last("bf16"));
    }
    let text = std::fs::read_to_string(folder.join("summary.md")).unwrap();
    assert!(text.contains("`coupled`, ε = 0.1, after epoch 2") && text.contains("bf16 moves it by"), "{text}");
}
