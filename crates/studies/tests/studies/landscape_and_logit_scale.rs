//! Two studies of the optimizers' minima, on a small data set.

use minima_autodiff::Model;
use minima_config::Labels;
use minima_config::preset::Preset;
use minima_config::{NetworkChoice, Run};
use minima_data::{Dataset, Splits};
use minima_metrics::{Summary, evaluate, logit_margins};
use minima_rng::Key;
use minima_rows::{LogitDecisionRow, LogitScaleRow, ScaledQuantity, SegmentRow, SurfaceRow, read_csv};
use minima_runs::TestSet;
use minima_runs::machine::Machine;
use minima_runs::training::Keeping;
use minima_studies::landscape::{self, Minimum};
use minima_studies::{Study, StudyOptions, claim, logit_scale, run_study};
use ndarray::Array2;

/// Noisy images of 8 × 8 pixels in ten classes. The bright quarters of an image determine its class.
fn labels(count: usize, key: u64) -> Dataset {
    let noise = Key::new(key).bits(count * 64);
    let labels: Vec<u16> = (0..count).map(|i| (i * 7 % 10) as u16).collect();
    let images = Array2::from_shape_fn((count, 64), |(image, pixel)| {
        let quarter = 2 * (pixel / 32) + pixel % 8 / 4;
        let bright = (labels[image] + 1) >> quarter & 1 == 1;
        (noise[64 * image + pixel] % 60) as u8 + if bright { 190 } else { 0 }
    });
    Dataset::new(images, labels, [8, 8, 1], 10).unwrap()
}

fn data() -> Splits {
    Splits::new(labels(320, 1), labels(100, 2), "", Vec::new())
}

fn options(epochs: u32) -> StudyOptions {
    let epochs = format!("epochs={epochs}");
    let set = [
        epochs.as_str(),
        "train_images=320",
        "test_images=100",
        "batch_size=32",
        "seeds=[1, 2]",
        "labels=[\"clean\"]",
        "optimizers.sgd.learning_rate=0.3",
        "optimizers.adam.learning_rate=0.01",
        "optimizers.gauss-newton.learning_rate=0.3",
    ];
    let set: Vec<String> = set.iter().map(|&s| s.to_owned()).collect();
    let mut options = StudyOptions::new(Preset::named("paper", &set).unwrap(), &[], 2);
    options.optimizers = ["sgd", "adam", "gauss-newton"].map(str::to_owned).to_vec();
    options
}

fn minimum(optimizer: &str, labels: Labels, seed: u64) -> Minimum {
    let graph = NetworkChoice::named("paper-cnn").graph(&data().train).unwrap();
    let params: Vec<f32> = graph.init(seed + optimizer.len() as u64);
    let run = Run { labels, optimizer: optimizer.to_owned(), seed };
    Minimum { run, model: Model::new(graph, params).unwrap() }
}

#[test]
fn pairs_share_seed_and_labels() {
    let (clean, poisoned) = (Labels::Clean, Labels::Poisoned);
    let minima = [
        minimum("sgd", clean, 1),
        minimum("adam", clean, 1),
        minimum("sgd", poisoned, 1),
        minimum("gauss-newton", clean, 1),
        minimum("adam", clean, 2),
    ];
    let pairs = landscape::pairs(&minima);
    let names: Vec<[&str; 2]> = pairs.iter().map(|pair| pair.map(|m| m.run.optimizer.as_str())).collect();
    assert_eq!(names, [["sgd", "adam"], ["sgd", "gauss-newton"], ["adam", "gauss-newton"]]);
}

#[test]
fn landscapes_hold_the_models_own_losses() {
    let (data, options, folder) = (data(), options(4), tempfile::tempdir().unwrap());
    let claimed = claim(folder.path(), false).unwrap().0;
    run_study(Study::Landscape, &options, &data, &Machine::Processor, &claimed, &Keeping::default(), &|_| {}).unwrap();
    let surface: Vec<SurfaceRow> = read_csv(&folder.path().join("studies/landscape/surface.csv")).unwrap();
    let segments: Vec<SegmentRow> = read_csv(&folder.path().join("studies/landscape/segments.csv")).unwrap();
    assert_eq!(surface.len(), 3 * 25 * 25, "the first seed's");
    assert_eq!(segments.len(), 2 * 3 * 41);
    assert!(surface.iter().all(|row| row.seed == 1));
    let losses = |optimizer: &str| -> (f64, f64) {
        let own: Vec<&SurfaceRow> = surface.iter().filter(|row| row.optimizer == optimizer).collect();
        let origin = own.iter().find(|row| row.x == 0.0 && row.y == 0.0).unwrap().train_loss;
        let around = own.iter().map(|row| row.train_loss).sum::<f64>() / own.len() as f64;
        (origin, around)
    };
    for optimizer in ["sgd", "adam", "gauss-newton"] {
        let (origin, around) = losses(optimizer);
        assert!(origin < around, "{optimizer}: {origin} {around}");
        for row in segments.iter().filter(|row| row.seed == 1) {
            let own = (row.from == optimizer && row.t == 0.0) || (row.to == optimizer && row.t == 1.0);
            assert!(!own || row.train_loss == origin, "{row:?} {origin}");
        }
    }
}

#[test]
fn a_surfaces_directions_are_the_seeds() {
    let test = TestSet::new(&data().test);
    let clean = Labels::Clean;
    let [one, same, other] =
        [("sgd", 1), ("sam", 1), ("sgd", 2)].map(|(optimizer, seed)| minimum(optimizer, clean, seed));
    let other = Minimum { model: one.model.clone(), ..other };
    let of = |minimum: &Minimum| -> Vec<f64> {
        landscape::surface(minimum, &test, &[-0.5, 0.5]).unwrap().iter().map(|row| row.train_loss).collect()
    };
    assert_eq!(of(&one), of(&same), "the same parameters and seed");
    assert_ne!(of(&one), of(&other));
}

#[test]
fn logits_come_to_one_scale_and_decisions_stay() {
    // Long enough for all models to have a positive mean margin, which the scale requires.
    let (data, options, folder) = (data(), options(20), tempfile::tempdir().unwrap());
    let claimed = claim(folder.path(), false).unwrap().0;
    run_study(Study::LogitScale, &options, &data, &Machine::Processor, &claimed, &Keeping::default(), &|_| {}).unwrap();
    let own = folder.path().join("studies/logit-scale");
    let rows: Vec<LogitScaleRow> = read_csv(&own.join("logit_scale.csv")).unwrap();
    let decisions: Vec<LogitDecisionRow> = read_csv(&own.join("decisions.csv")).unwrap();
    let (rhos, epsilons) = (options.preset.rhos.len(), options.preset.epsilons.len());
    let text = std::fs::read_to_string(own.join("summary.md")).unwrap();
    assert_eq!((rows.len(), decisions.len()), (2 * 3 * (3 + rhos), 2 * 3 * epsilons), "{text}");
    for seed in [1, 2] {
        let margins: Vec<&LogitScaleRow> =
            rows.iter().filter(|row| row.seed == seed && row.quantity == ScaledQuantity::LogitMargin).collect();
        let common = margins.iter().map(|row| row.mean_before).sum::<f64>() / 3.0;
        for row in margins {
            assert!((row.factor * row.mean_before - common).abs() < 1e-12 * common);
            // The rounding of a margin in f32 is 1e-6 of the logits.
            assert!((row.mean_after - common).abs() < 1e-5 * common, "{row:?} {common}");
            assert!((row.median_after - row.factor * row.median_before).abs() < 1e-5 * common, "{row:?}");
        }
    }
    assert!(rows.iter().any(|row| (row.factor - 1.0).abs() > 0.05), "something is scaled");
    assert!(decisions.iter().all(|row| row.classes_changed == 0), "{decisions:?}");
    for row in &decisions {
        assert!(row.successes_before.abs_diff(row.successes_after) <= row.flips_changed, "{row:?}");
    }
    assert!(text.contains("Gauss-Newton (mean) : Adam") && text.contains("changed the class of 0 of 600"), "{text}");
}

#[test]
fn a_model_on_its_own_scale_is_measured_twice_the_same() {
    let (data, preset) = (data(), options(1).preset);
    let test = TestSet::new(&data.test);
    let Minimum { run, model } = minimum("sgd", Labels::Clean, 1);
    let found = logit_scale::measure(&run, &model, 1.0, &test, &preset).unwrap();
    for row in &found.rows {
        assert_eq!((row.mean_before, row.median_before), (row.mean_after, row.median_after), "{row:?}");
    }
    let of = |quantity| found.rows.iter().find(|row| row.quantity == quantity).unwrap().mean_before;
    let evaluation = evaluate(&model, test.images.view(), &test.labels).unwrap();
    assert!((of(ScaledQuantity::TestLoss) - evaluation.mean_loss).abs() < 1e-14);
    let margins = logit_margins(&model, test.images.view(), &test.labels).unwrap();
    assert_eq!(of(ScaledQuantity::LogitMargin), Summary::of(&margins).unwrap().mean);
    for row in &found.decisions {
        assert_eq!((row.classes_changed, row.flips_changed), (0, 0));
        assert_eq!(row.successes_before, row.successes_after);
    }
}
