//! Training with the options of a preset's table `training`.

use minima_autodiff::{Classifier, Model};
use minima_config::preset::Preset;
use minima_config::training_options::AdversarialTraining;
use minima_config::{Labels, Run};
use minima_data::Dataset;
use minima_metrics::evaluate;
use minima_optim::divergence;
use minima_rng::Key;
use minima_rows::TrainingRow;
use minima_runs::observer::{Event, Observer, Silent};
use minima_runs::training::{AdversarialImages, AtTheEnd, Keep, Keeping, Training, TrainingState};
use minima_runs::{RunError, TestSet};
use minima_store::Stop;
use ndarray::Array2;
use std::time::Duration;

/// Random images of 28 × 28 pixels in ten classes.
pub(crate) fn data(images: usize, seed: u64) -> Dataset {
    let pixels = Key::new(seed).bits(images * 784).into_iter().map(|word| (word >> 24) as u8).collect();
    let labels = (0..images).map(|i| (i * 7 % 10) as u16).collect();
    Dataset::new(Array2::from_shape_vec((images, 784), pixels).unwrap(), labels, [28, 28, 1], 10).unwrap()
}

const IMAGES: usize = 22;

/// Two epochs of six steps, the last of them with two images.
pub(crate) fn preset(optimizer: &str, training: &str) -> Preset {
    let text = format!(
        "extends = \"quick\"\nepochs = 2\nbatch_size = 4\ntrain_images = {IMAGES}\ntest_images = 10\n[training]\n{training}\n"
    );
    let only = format!("optimizers={{ tested = {{ {optimizer} }} }}");
    Preset::from_text(&text, "test", &[only]).unwrap()
}

pub(crate) fn train_kept(
    preset: &Preset,
    keep: Option<&Keep>,
    observer: &mut dyn Observer,
) -> Result<(Model<f32>, Vec<TrainingRow>), Box<RunError>> {
    let run = Run { labels: Labels::Clean, optimizer: "tested".to_owned(), seed: 42 };
    let test = TestSet::new(&data(10, 9));
    Training { preset, run: &run, train: &data(IMAGES, 8), test: &test, validation: None, keep }
        .run(observer, &mut AtTheEnd)
        .map_err(Box::new)
}

pub(crate) fn train(preset: &Preset) -> (Model<f32>, Vec<TrainingRow>) {
    train_kept(preset, None, &mut Silent).unwrap()
}

/// Requests a stop at a number of steps.
struct StopsAfter {
    steps: u32,
    stop: Stop,
}

impl Observer for StopsAfter {
    fn on(&mut self, event: Event<'_>) {
        if let Event::Step { .. } = event {
            self.steps = self.steps.saturating_sub(1);
            if self.steps == 0 {
                self.stop.ask();
            }
        }
    }
}

/// Trains with a stop after every few steps, and counts the stops.
pub(crate) fn train_in_parts(preset: &Preset, steps: u32) -> (Model<f32>, Vec<TrainingRow>, u32) {
    let folder = tempfile::tempdir().unwrap();
    for stops in 0.. {
        let keeping = Keeping { every: Duration::from_secs(3600), stop: Stop::default() };
        let keep = keeping.at(folder.path().to_owned());
        match train_kept(preset, Some(&keep), &mut StopsAfter { steps, stop: keeping.stop.clone() }) {
            Ok((model, rows)) => return (model, rows, stops),
            Err(error) => assert!(matches!(*error, RunError::Interrupted { .. }), "{error}"),
        }
    }
    unreachable!()
}

const SGD: &str = "kind = \"sgd\", learning_rate = 0.05, momentum = 0.9, nesterov = true, weight_decay = 0.001";
const SAM: &str = "kind = \"sam\", rho = 0.05, base = { kind = \"adam\", learning_rate = 0.01 }";

/// Optimizers and options, which together set every option.
const ALL: [(&str, &str); 7] = [
    (
        SGD,
        "schedule = \"one-cycle\"\ngradient_clip = 0.5\nlabel_smoothing = 0.1\naverage = 0.8\n\
         augmentation = [{ kind = \"pad-crop\", pixels = 3 }, { kind = \"flip\" }]\n\
         adversarial = { kind = \"pgd\", epsilon = 0.05, steps = 2, step = 0.75 }",
    ),
    (
        SAM,
        "schedule = { kind = \"cosine\", floor = 0.1 }\nwarm_up_epochs = 0.5\ngradient_clip = 1.0\naverage = 0.5\n\
         augmentation = [{ kind = \"flip\" }]\n\
         adversarial = { kind = \"trades\", epsilon = 0.05, steps = 2, step = 0.75 }",
    ),
    (
        "kind = \"adam\", learning_rate = 0.01",
        "schedule = { kind = \"step\", every_epochs = 1, factor = 0.3 }\nadversarial = { kind = \"fgsm\", epsilon = 0.05 }",
    ),
    (
        "kind = \"adam\", learning_rate = 0.01",
        "gradient_clip = 1.0\nlabel_smoothing = 0.1\naverage = 0.5\naugmentation = [{ kind = \"flip\" }]\n\
         adversarial = { kind = \"ibp\", epsilon = 0.05, kappa = 0.25, warmup = 0.2, ramp = 0.5 }",
    ),
    (SAM, "adversarial = { kind = \"ibp\", epsilon = 0.1 }"),
    (SGD, "adversarial = { kind = \"crown-ibp\", epsilon = 0.05, kappa = 0.25, beta = 0.3, warmup = 0.2, ramp = 0.5 }"),
    (
        "kind = \"kfac\", learning_rate = 0.05, damping = 0.03",
        "schedule = \"cosine\"\nlabel_smoothing = 0.1\naverage = 0.5\naugmentation = [{ kind = \"flip\" }]",
    ),
];

#[test]
fn a_stopped_run_gives_the_same_bytes() {
    for (optimizer, training) in ALL {
        let preset = preset(optimizer, training);
        let (whole, rows) = train(&preset);
        assert!(whole.params().iter().all(|p| p.is_finite()));
        for (steps, stops) in [(2, 4), (5, 2)] {
            let (model, resumed, stopped) = train_in_parts(&preset, steps);
            assert!(stopped >= stops, "{stopped} stops");
            assert_eq!((model.params(), &resumed), (whole.params(), &rows), "{optimizer}: {training}");
        }
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    for (optimizer, training) in ALL {
        let preset = preset(optimizer, training);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (model, rows) = pool.install(|| train(&preset));
            (model.params().to_vec(), rows)
        };
        assert_eq!(with(1), with(3), "{optimizer}: {training}");
    }
}

/// Interval training whose radius never grows.
const NO_BOUNDS: &str = "adversarial = { kind = \"ibp\", epsilon = 0.05, warmup = 1.0, ramp = 0.0 }";

#[test]
fn every_option_changes_training() {
    let (plain, rows) = train(&preset(SGD, ""));
    for training in [
        "schedule = \"cosine\"",
        "warm_up_epochs = 1.0",
        "gradient_clip = 0.01",
        "label_smoothing = 0.1",
        "average = 0.5",
        "augmentation = [{ kind = \"flip\" }]",
        "augmentation = [{ kind = \"pad-crop\", pixels = 2 }]",
        "adversarial = { kind = \"fgsm\", epsilon = 0.05 }",
        "adversarial = { kind = \"pgd\", epsilon = 0.05 }",
        "adversarial = { kind = \"trades\", epsilon = 0.05 }",
        "adversarial = { kind = \"ibp\", epsilon = 0.05 }",
        "adversarial = { kind = \"crown-ibp\", epsilon = 0.05 }",
    ] {
        assert_ne!(train(&preset(SGD, training)).0.params(), plain.params(), "{training}");
    }
    for nothing in ["schedule = \"constant\"", "average = 0.0", "gradient_clip = 1e9", NO_BOUNDS] {
        let (model, same) = train(&preset(SGD, nothing));
        assert_eq!((model.params(), &same), (plain.params(), &rows), "{nothing}");
    }
}

#[test]
fn a_factor_of_zero_ends_training() {
    let sgd = "kind = \"sgd\", learning_rate = 0.05";
    let two = train(&preset(sgd, "schedule = { kind = \"step\", every_epochs = 1, factor = 0.0 }"));
    let mut one = preset(sgd, "");
    one.epochs = 1;
    let one = train(&one);
    assert_eq!((two.0.params(), two.1.first()), (one.0.params(), one.1.first()));
}

#[test]
fn labels_are_smoothed_for_training_alone() {
    // Steps too short to change a logit in single precision.
    let still = "kind = \"sgd\", learning_rate = 1e-30";
    let (_, plain) = train(&preset(still, ""));
    let (_, smoothed) = train(&preset(still, "label_smoothing = 0.3"));
    for (plain, smoothed) in plain.iter().zip(&smoothed) {
        assert_ne!(plain.train_loss, smoothed.train_loss);
        assert_eq!(plain.train_accuracy, smoothed.train_accuracy);
        assert_eq!((plain.test_loss, plain.test_accuracy), (smoothed.test_loss, smoothed.test_accuracy));
    }
}

#[test]
fn the_average_is_tested_and_the_state_holds_both() {
    let preset = preset(SGD, "average = 0.9");
    let (model, rows) = train(&preset);
    let test = TestSet::new(&data(10, 9));
    let tested = evaluate(&model, test.images.view(), &test.labels).unwrap();
    assert_eq!(rows.last().unwrap().test_loss, tested.mean_loss);
    let folder = tempfile::tempdir().unwrap();
    let keeping = Keeping { every: Duration::ZERO, ..Keeping::default() };
    train_kept(&preset, Some(&keeping.at(folder.path().to_owned())), &mut Silent).unwrap();
    let state = TrainingState::read(folder.path()).unwrap().unwrap();
    let average: Vec<f32> = state.average.iter().map(|&w| w as f32).collect();
    assert_eq!(average, model.params());
    assert_ne!(state.average, state.weights);
    let (last, _) = train(&Preset { training: Default::default(), ..preset });
    let weights: Vec<f32> = state.weights.iter().map(|&w| w as f32).collect();
    assert_eq!(weights, last.params());
}

#[test]
fn adversarial_images_are_near_and_harder() {
    let (model, _) = train(&preset(SGD, ""));
    let (images, labels) = data(IMAGES, 8).all::<f32>();
    let indices: Vec<u32> = (0..IMAGES as u32).collect();
    let (clean, graph) = (model.logits(images.view()).unwrap(), model.graph());
    let epsilon = 0.05;
    for options in [
        AdversarialTraining::Fgsm { epsilon, step: 1.25 },
        AdversarialTraining::Pgd { epsilon, steps: 10, step: 0.25 },
        AdversarialTraining::Trades { epsilon, steps: 10, step: 0.25, beta: 6.0 },
    ] {
        let adversarial = AdversarialImages::new(options, 42).unwrap();
        let make = |epoch| adversarial.make(graph, model.params(), images.view(), &labels, epoch, &indices).unwrap();
        let near = make(1);
        for (original, image) in images.outer_iter().zip(near.outer_iter()) {
            assert!(image.iter().all(|pixel| (0.0..=1.0).contains(pixel)), "{options:?}");
            assert!(adversarial.ball().contains(&original.to_vec(), &image.to_vec()), "{options:?}");
        }
        assert_eq!(near, make(1));
        assert_ne!(near, make(2), "{options:?}: starts differ from epoch to epoch");
        let (before, after) = (evaluate(&model, images.view(), &labels), evaluate(&model, near.view(), &labels));
        let (before, after) = (before.unwrap().mean_loss, after.unwrap().mean_loss);
        if adversarial.beta().is_none() {
            assert!(after > before, "{options:?}: {before} to {after}");
        }
        let moved = model.logits(near.view()).unwrap();
        let all = clean.outer_iter().zip(moved.outer_iter()).map(|(p, q)| divergence(&p.to_vec(), &q.to_vec()));
        assert!(all.sum::<f64>() > 0.0, "{options:?}");
    }
}

#[test]
fn double_precision_takes_every_option() {
    for (optimizer, training) in ALL {
        let mut preset = preset(optimizer, training);
        preset.precision = minima_config::preset::Precision::Double;
        assert!(train(&preset).0.params().iter().all(|p| p.is_finite()), "{training}");
    }
}
