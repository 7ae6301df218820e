//! The figures: complete files in both formats, the same bytes every time, and errors instead of wrong figures.

use minima_paper::PAPER;
use minima_paper::numbers as paper;
use minima_report::figures::{
    AdversarialPairs, Correlations, Figure, FigureError, InputGradientNorms, LogitMargins, MatchedPaths, Radii,
    RobustAccuracy, Samples, Scaling, SeedSpread, SpectralDensityFigure, TimeToAccuracy, TrainingCurves, png, svg,
    write,
};
use minima_rows::{
    AdversarialExample, CurvatureMatrix, LateAttackRow, PaceRow, PathRow, PredictorRow, PredictorScope, RadiusRow,
    RobustnessRow, ScalingRow, SpectralDensityRow, TrainingRow,
};

fn check_both<F: Figure>(figure: &F) -> String {
    let (width, height) = figure.size();
    let image = png(figure).unwrap();
    assert_eq!(image, png(figure).unwrap());
    assert_eq!(&image[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(image[16..20], width.to_be_bytes());
    assert_eq!(image[20..24], height.to_be_bytes());
    check(figure)
}

fn check<F: Figure>(figure: &F) -> String {
    let document = svg(figure).unwrap();
    assert_eq!(document, svg(figure).unwrap());
    let (width, height) = figure.size();
    assert!(document.starts_with(&format!("<svg width=\"{width}\" height=\"{height}\" ")));
    assert_well_formed(&document);
    document
}

/// Checks that every tag is closed in order, every attribute is quoted, and no `<` or `&` is unescaped.
fn assert_well_formed(document: &str) {
    let mut open = Vec::new();
    for (index, piece) in document.split('<').enumerate().skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("tag {index} is not closed: {piece}"));
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        for entity in text.split('&').skip(1).chain(tag.split('&').skip(1)) {
            let name = entity.split(';').next().unwrap();
            assert!(["lt", "gt", "amp", "quot", "apos"].contains(&name), "&{entity}");
        }
        let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

fn samples() -> Vec<Samples> {
    let spread = |optimizer: &str, scale: f64| Samples {
        optimizer: optimizer.to_owned(),
        values: (0..1000).map(|index| scale * (f64::from(index % 97) / 40.0 - 0.3)).collect(),
    };
    vec![spread("adam", 8.0), spread("gauss-newton-published", 1.3), spread("gauss-newton", 9.0)]
}

fn example(optimizer: &str) -> AdversarialExample {
    let original: Vec<f32> = (0..64).map(|index| (index % 9) as f32 / 8.0).collect();
    AdversarialExample {
        adversarial: original.iter().map(|pixel| (pixel + 0.1).min(1.0)).collect(),
        original,
        shape: [8, 8, 1],
        image: 0,
        label: 7,
        predicted: 3,
        confidence_before: 0.9,
        confidence_after: 0.8,
        epsilon: 0.1,
        optimizer: optimizer.to_owned(),
    }
}

#[test]
fn figure1_pairs_images_with_their_twins() {
    let mut examples = vec![example("gauss-newton"); 8];
    examples.push(example("adam"));
    let document = check_both(&AdversarialPairs { examples, class_names: Vec::new() });
    assert_eq!(document.matches("7 → 3").count(), 7, "six of the first optimizer and one of the second");
    assert!(document.contains("Gauss-Newton (mean), ε = 0.1"));

    let mut colored = example("adam");
    colored.shape = [8, 4, 2];
    let wrong = svg(&AdversarialPairs { examples: vec![colored.clone()], class_names: Vec::new() });
    assert!(matches!(wrong, Err(FigureError::Data { .. })));
    colored.shape = [7, 3, 3];
    colored.original.truncate(63);
    colored.adversarial.truncate(63);
    let class_names = (0..10).map(|class| format!("class {class}")).collect();
    // A caption that is too wide has two lines.
    let document = check(&AdversarialPairs { examples: vec![colored], class_names });
    assert!(document.contains("class 7 →") && document.contains("class 3") && !document.contains("class 7 → class 3"));
    assert!(check(&AdversarialPairs { examples: vec![], class_names: Vec::new() }).contains("No attack succeeded"));
}

#[test]
fn figure2_notes_the_share_above_its_cut() {
    let document =
        check_both(&InputGradientNorms { labels: "clean".to_owned(), reference: Some(&PAPER), samples: samples() });
    assert!(document.contains("(paper 0.0060)"));
    assert!(document.contains("% above 2"));
}

#[test]
fn figure3_marks_medians() {
    let document =
        check_both(&LogitMargins { labels: "clean".to_owned(), reference: Some(&PAPER), samples: samples() });
    assert!(document.contains("(paper 7.90)") && document.contains("% below 0"));
}

#[test]
fn values_that_are_none_are_counted_and_not_drawn() {
    let odd = vec![Samples { optimizer: "sgd".to_owned(), values: vec![f64::NAN, 1.0, f64::INFINITY] }];
    let document = check(&LogitMargins { labels: "clean".to_owned(), reference: Some(&PAPER), samples: odd.clone() });
    assert!(document.contains("2 not finite"));
    check(&InputGradientNorms { labels: "a < b & \"c\"".to_owned(), reference: Some(&PAPER), samples: odd });
    let diverged = vec![Samples { optimizer: "sgd".to_owned(), values: vec![-1e30, 1.0, f64::MAX, f64::MIN] }];
    check(&LogitMargins { labels: "clean".to_owned(), reference: Some(&PAPER), samples: diverged });
    let empty = vec![Samples { optimizer: "sgd".to_owned(), values: vec![] }];
    check(&LogitMargins { labels: "clean".to_owned(), reference: Some(&PAPER), samples: empty });
    check(&LogitMargins { labels: "clean".to_owned(), reference: Some(&PAPER), samples: vec![] });
}

#[test]
fn scaling_draws_what_was_measured() {
    let row = |parameters, batch, memory| ScalingRow::new(parameters, batch, 10, 0.01 * batch as f64, memory);
    let mut rows: Vec<_> = [32, 64, 128].map(|batch| row(6_794, batch, Some(1_000_000))).into();
    rows.push(row(857_738, 128, Some(500_000_000)));
    let document = check_both(&Scaling { rows: rows.clone() });
    assert!(document.contains("Time, batch 128") && document.contains("dense GGN"));
    // Without measured memory, the line is omitted.
    rows.iter_mut().for_each(|r| r.memory_bytes = None);
    check(&Scaling { rows });
    assert!(matches!(svg(&Scaling { rows: vec![] }), Err(FigureError::Data { .. })));
}

#[test]
fn time_to_accuracy_draws_every_run() {
    let row = |optimizer: &str, step: u64, test_accuracy| PaceRow {
        optimizer: optimizer.to_owned(),
        step,
        seconds: 0.001 * step as f64,
        test_accuracy,
    };
    let rows = vec![row("adam", 25, 0.8), row("adam", 50, 0.971), row("kfac", 25, 0.97), row("sgd", 25, 1.0)];
    let machine = "2 threads".to_owned();
    let figure = TimeToAccuracy { target: 0.97, machine, rows };
    let document = check_both(&figure);
    assert!(document.contains("97 % test accuracy") && document.contains("K-FAC"));
    assert!(matches!(svg(&TimeToAccuracy { rows: vec![], ..figure }), Err(FigureError::Data { .. })));
}

fn training_rows() -> Vec<TrainingRow> {
    let mut rows = Vec::new();
    for labels in ["poisoned", "clean"] {
        for optimizer in ["adam", "sgd", "gauss-newton-published"] {
            for point in paper::curve(labels, optimizer) {
                rows.push(TrainingRow {
                    labels: labels.to_owned(),
                    optimizer: optimizer.to_owned(),
                    seed: 42,
                    epoch: point.epoch,
                    train_loss: point.train_loss,
                    train_accuracy: point.train_accuracy,
                    test_loss: 1.0,
                    test_accuracy: point.test_accuracy,
                    ..TrainingRow::default()
                });
            }
        }
    }
    rows
}

#[test]
fn training_curves_have_a_panel_a_metric_and_dataset() {
    let document = check_both(&TrainingCurves { rows: training_rows(), reference: Some(&PAPER) });
    for panel in ["Train loss, clean", "Train accuracy, clean", "Test accuracy, poisoned"] {
        assert!(document.contains(panel), "{panel}");
    }
    assert!(document.contains("Hollow markers"));
}

#[test]
fn training_curves_of_odd_runs_are_drawn() {
    let mut rows = training_rows();
    rows.truncate(1);
    check(&TrainingCurves { rows: rows.clone(), reference: None });
    rows[0].train_loss = f64::NAN;
    rows[0].test_accuracy = 1.0;
    check(&TrainingCurves { rows, reference: None });
    check(&TrainingCurves { rows: vec![], reference: Some(&PAPER) });
}

#[test]
fn both_files_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let figure = LogitMargins { labels: "clean".to_owned(), reference: Some(&PAPER), samples: samples() };
    let [vector, bitmap] = write(&folder.path().join("figures"), &figure).unwrap();
    assert_eq!(std::fs::read_to_string(vector).unwrap(), svg(&figure).unwrap());
    assert!(bitmap.ends_with("figures/logit-margins.png") && bitmap.exists());
}

#[test]
fn matched_paths_go_from_left_to_right() {
    let row = |optimizer: &str, step: u64, train_loss: f64, test_accuracy: f64, successes: u32| PathRow {
        labels: "clean".to_owned(),
        optimizer: optimizer.to_owned(),
        seed: 42,
        step,
        train_loss,
        train_accuracy: test_accuracy,
        test_loss: train_loss,
        test_accuracy,
        mean_margin: 10.0 * test_accuracy,
        median_input_gradient_norm: 1.0,
        epsilon: 0.1,
        correct: 100,
        successes,
    };
    let rows = vec![row("adam", 0, 2.3, 0.1, 90), row("adam", 50, 0.5, 0.9, 70), row("adam", 100, 0.05, 0.98, 80)];
    let document = check_both(&MatchedPaths { rows });
    for title in ["training loss", "test error", "mean logit margin", "1 seed."] {
        assert!(document.contains(title), "{title}");
    }
    let none = svg(&MatchedPaths { rows: vec![] });
    assert!(matches!(none, Err(FigureError::Data { .. })));
}

#[test]
fn the_spread_over_seeds_has_a_panel_for_each_strong_attack_and_the_largest_radius_of_fgsm() {
    let row = |attack: &str, seed: u64, epoch: u32, epsilon: f64, robust: u32| LateAttackRow {
        labels: "clean".to_owned(),
        optimizer: "adam".to_owned(),
        seed,
        epoch,
        attack: attack.to_owned(),
        epsilon,
        images: 120,
        correct: 100,
        robust,
    };
    let rows = vec![
        row("fgsm", 1, 2, 0.1, 30),
        row("fgsm", 1, 2, 0.01, 95),
        row("autoattack", 1, 2, 0.1, 10),
        row("autoattack", 1, 2, 0.05, 50),
        row("autoattack", 2, 2, 0.05, 60),
        // Not of the last epoch.
        row("square", 2, 1, 0.05, 60),
    ];
    let document = check_both(&SeedSpread { rows });
    for title in ["FGSM, ε = 0.1", "AutoAttack, ε = 0.1", "AutoAttack, ε = 0.05", "2 seeds."] {
        assert!(document.contains(title), "{title}");
    }
    assert!(!document.contains("0.01") && !document.contains("square"));
    let none = svg(&SeedSpread { rows: vec![] });
    assert!(matches!(none, Err(FigureError::Data { .. })));
}

#[test]
fn radii_have_two_ends_for_each_model() {
    let row = |optimizer: &str, seed, mean_proved: f64| RadiusRow {
        labels: "clean".to_owned(),
        optimizer: optimizer.to_owned(),
        seed,
        images: 200,
        correct: 190,
        unbroken: 0,
        mean_proved,
        mean_broken: mean_proved + 0.01,
        median_proved: mean_proved,
        median_broken: mean_proved,
    };
    let document = check_both(&Radii { rows: vec![row("sgd", 1, 0.04), row("sgd", 2, 0.05), row("adam", 1, 0.03)] });
    for title in ["first 200 test images", "2 seeds.", "SGD", "Adam"] {
        assert!(document.contains(title), "{title}");
    }
    assert!(matches!(svg(&Radii { rows: vec![] }), Err(FigureError::Data { .. })));
}

#[test]
fn correlations_are_about_the_strongest_attack_at_its_smallest_radius() {
    let row = |measure: &str, robustness: &str, epsilon, scope, correlation: f64| PredictorRow {
        measure: measure.to_owned(),
        at: None,
        robustness: robustness.to_owned(),
        epsilon: Some(epsilon),
        scope,
        count: 12,
        correlation,
        low: correlation - 0.3,
        high: correlation + 0.3,
    };
    let rows = [("robust to FGSM", 0.01), ("robust to AutoAttack", 0.1), ("robust to AutoAttack", 0.05)];
    let rows = rows.into_iter().flat_map(|(robustness, epsilon)| {
        [PredictorScope::All, PredictorScope::Within, PredictorScope::Between]
            .map(|scope| row("λ₁ of the Hessian (nats)", robustness, epsilon, scope, -0.5))
    });
    let document = check_both(&Correlations { rows: rows.collect() });
    for title in ["“robust to AutoAttack, ε = 0.05”", "all 12 models", "within optimizers"] {
        assert!(document.contains(title), "{title}");
    }
    assert!(document.contains(">\nlargest eigenvalue of the Hessian\n<") && !document.contains("between"));
    let few = vec![row("train loss", "robust to FGSM", 0.1, PredictorScope::All, 0.5)];
    let few = check(&Correlations { rows: few });
    assert_eq!((few.matches("too few models").count(), document.matches("too few models").count()), (1, 0));
    assert!(matches!(svg(&Correlations { rows: vec![] }), Err(FigureError::Data { .. })));
}

#[test]
fn robust_accuracy_has_a_panel_an_attack() {
    let row = |optimizer: &str, attack: &str, epsilon: f64, robust: u32| RobustnessRow {
        labels: "clean".to_owned(),
        optimizer: optimizer.to_owned(),
        seed: 42,
        attack: attack.to_owned(),
        norm: "linf".to_owned(),
        epsilon,
        images: 100,
        correct: 90,
        successes: 90 - robust,
        robust,
    };
    let rows = vec![
        row("adam", "fgsm", 0.0, 90),
        row("adam", "fgsm", 0.3, 10),
        row("sgd", "pgd", 0.0, 88),
        row("sgd", "pgd", 0.3, 0),
    ];
    let document = check_both(&RobustAccuracy { labels: "clean".to_owned(), rows });
    for words in ["FGSM", "PGD-40", "Adam", "SGD", "first 100 test images"] {
        assert!(document.contains(words), "{words}");
    }
    let empty = RobustAccuracy { labels: "clean".to_owned(), rows: vec![] };
    assert!(matches!(svg(&empty), Err(FigureError::Data { .. })));
}

#[test]
fn the_spectral_density_has_a_panel_an_optimizer() {
    let row = |optimizer: &str, eigenvalue: f64, count: f64| SpectralDensityRow {
        labels: "clean".to_owned(),
        optimizer: optimizer.to_owned(),
        seed: 42,
        matrix: CurvatureMatrix::Hessian,
        normalised: false,
        probe: 0,
        eigenvalue,
        count,
    };
    let rows = vec![
        row("sgd", -0.37, 1.0),
        row("sgd", 0.0, 6_792.0),
        row("sgd", 59.4, 1.0),
        row("adam", 0.0, 6_793.0),
        row("adam", 15.0, 1.0),
    ];
    let figure = |rows| SpectralDensityFigure { labels: "clean".to_owned(), rows, images: 1_000 };
    let document = check_both(&figure(rows.clone()));
    for words in ["Hessian", "first 1000 training images", "from −0.37 to 59.4", "from 0.00 to 15.0", "\n10000\n"] {
        assert!(document.contains(words), "{words}");
    }
    assert!(document.contains("\n−0.1\n") && !document.contains("\n−1\n"), "the axis ends where the spectra do");
    assert!(figure(rows.clone()).size().1 > figure(rows[..3].to_vec()).size().1);
    check(&figure(vec![row("sgd", 0.0, 1.0)]));
    for odd in [vec![], vec![row("sgd", f64::NAN, 1.0)], vec![row("sgd", 1.0, f64::INFINITY)]] {
        assert!(matches!(svg(&figure(odd)), Err(FigureError::Data { .. })));
    }
}
