//! Results have the same bits in repeated runs on one, two and three threads, for every optimizer, attack and metric.

use minima_attacks::Ball;
use minima_autodiff::Model;
use minima_config::Labels;
use minima_config::Run;
use minima_config::attack_catalogue::{CATALOGUE, Options, attack};
use minima_config::optimizer_spec::PresetOptimizer;
use minima_config::preset::Preset;
use minima_config::{Norm, OptimizerSpec};
use minima_data::{Splits, mnist};
use minima_metrics::statistics::{Estimate, ImageResamples, Resampled, Share, holm, p_same_share};
use minima_metrics::{
    Histogram, Scope, SpectrumOptions, Summary, curvature_spectrum, evaluate, evenly_around_zero,
    filter_normalised_direction, filter_norms, input_gradient_norms, logit_margins, loss_along_segment, loss_surface,
    sharpness, with_scaled_logits, zero_share,
};
use minima_rng::Key;
use minima_runs::machine::Machine;
use minima_runs::observer::Silent;
use minima_runs::{RunTraining, TestSet, Trained};
use std::collections::BTreeMap;
use std::fmt::Debug;

type Outcome = Result<(), Box<dyn std::error::Error>>;
/// A result whose error can be sent between threads.
type Sent<R> = Result<R, Box<dyn std::error::Error + Send + Sync>>;
/// Named results as text. The text of a number is the shortest that identifies its bits.
type Found = Vec<(String, String)>;

fn text(found: &impl Debug) -> String {
    format!("{found:?}")
}

/// Computes twice on each number of threads, and compares each result with the first.
fn assert_the_same(compute: impl Fn() -> Sent<Found> + Sync) -> Outcome {
    let mut first: Option<Found> = None;
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        for time in ["first", "second"] {
            let found = pool.install(&compute).map_err(|e| e.to_string())?;
            assert!(!found.is_empty());
            let Some(first) = &first else {
                first = Some(found);
                continue;
            };
            assert_eq!(first.len(), found.len());
            for ((what, expected), (_, found)) in first.iter().zip(&found) {
                assert!(expected == found, "{what} differs with {threads} threads, {time} time");
            }
        }
    }
    Ok(())
}

fn trained(preset: &Preset, run: &Run, data: &Splits) -> Sent<Trained> {
    let test = TestSet::new(&data.test.take(preset.test_images));
    let machine = &Machine::Processor;
    Ok(RunTraining { machine, preset, run, place: (1, 1), test: &test, keep: None }.train(data, &mut Silent)?)
}

/// Five steps. The last batch is smaller.
const SHORT: [&str; 4] = ["epochs=1", "train_images=280", "batch_size=64", "test_images=100"];

/// Optimizers that no preset has: other options, and other kinds.
const MORE: [&str; 5] = [
    r#"optimizers.nesterov={kind="sgd", learning_rate=0.01, momentum=0.9, nesterov=true, weight_decay=0.001}"#,
    r#"optimizers.adamw={kind="adam", learning_rate=0.001, weight_decay=0.1}"#,
    r#"optimizers.asam={kind="sam", rho=0.5, adaptive=true, base={kind="sgd", learning_rate=0.01, momentum=0.9}}"#,
    r#"optimizers.bf16={kind="gauss-newton-emulated", variant="sum", arithmetic="bf16", learning_rate=0.01, damping=0.01}"#,
    r#"optimizers.martens={kind="gauss-newton-cg", learning_rate=1.0, damping=1.0, iterations=5, tolerance=0.001, momentum=0.5, weight_decay=0.001, line_search=true, adaptive_damping=true, step_limit=1.0}"#,
];

/// The index of an optimizer's kind. A new kind fails to compile here; a kind without a run fails the test.
fn kind(spec: &OptimizerSpec) -> usize {
    match spec {
        OptimizerSpec::Sgd(_) => 0,
        OptimizerSpec::Adam(_) => 1,
        OptimizerSpec::Sam(_) => 2,
        OptimizerSpec::GaussNewton(_) => 3,
        OptimizerSpec::GaussNewtonTf32(_) => 4,
        OptimizerSpec::GaussNewtonEmulated(_) => 5,
        OptimizerSpec::GaussNewtonCg(_) => 6,
        OptimizerSpec::Kfac(_) => 7,
        OptimizerSpec::Ekfac(_) => 8,
        OptimizerSpec::Muon(_) => 9,
        // A program's own, of which there is none here.
        OptimizerSpec::Own(_) => KINDS,
    }
}

const KINDS: usize = 10;

/// Every optimizer of every preset, and [`MORE`].
fn optimizers() -> Result<BTreeMap<String, PresetOptimizer>, Box<dyn std::error::Error>> {
    let more: Vec<String> = MORE.iter().map(ToString::to_string).collect();
    let mut all = Preset::named("check", &more)?.optimizers;
    for name in Preset::names() {
        for (optimizer, spec) in Preset::named(name, &[])?.optimizers {
            // An optimizer in two presets is trained once.
            if !all.values().any(|known| *known == spec) {
                all.insert(format!("{optimizer} of {name}"), spec);
            }
        }
    }
    Ok(all)
}

#[test]
fn every_optimizer_trains_the_same_model() -> Outcome {
    let data = mnist::load_default()?;
    let mut preset = Preset::named("check", &SHORT.map(str::to_owned))?;
    preset.optimizers = optimizers()?;
    for number in 0..KINDS {
        assert!(preset.optimizers.values().any(|own| kind(&own.spec) == number), "no optimizer of kind {number}");
    }
    assert_the_same(|| {
        let train = |(optimizer, _): (&String, _)| -> Sent<_> {
            let run = Run { labels: Labels::Poisoned, optimizer: optimizer.clone(), seed: 42 };
            let found = trained(&preset, &run, &data)?;
            Ok((optimizer.clone(), text(&(found.model.params(), found.epochs))))
        };
        preset.optimizers.iter().map(train).collect()
    })
}

/// A model after short training, and the first `images` test images.
fn model(data: &Splits, images: usize) -> Sent<(Model<f32>, TestSet)> {
    let preset = Preset::named("check", &["epochs=3".to_owned(), "train_images=3000".to_owned()])?;
    let run = Run { labels: Labels::Clean, optimizer: "adam".to_owned(), seed: 42 };
    let trained = trained(&preset, &run, data)?;
    Ok((trained.model, TestSet::new(&data.test.take(images))))
}

#[test]
fn every_attack_finds_the_same_images() -> Outcome {
    let data = mnist::load_default()?;
    let (model, test) = model(&data, 64).map_err(|e| e.to_string())?;
    assert_the_same(|| {
        let mut found = Found::new();
        for entry in &CATALOGUE {
            for &norm in entry.norms {
                // A few steps, if the attack has this option.
                let short = Options { steps: Some(20), ..Options::default() };
                let chosen = match attack(entry.name, norm, &short) {
                    Ok(chosen) => chosen,
                    Err(_) => attack(entry.name, norm, &Options::default())?,
                };
                let ball = Ball::new(norm, if norm == Norm::Linf { 0.1 } else { 1.0 })?;
                let outcome = chosen.run(&model, test.images.view(), &test.labels, ball)?;
                let images = outcome.adversarial.iter().collect::<Vec<_>>();
                let rest = (&outcome.success, &outcome.predicted_after, &outcome.distances, outcome.passes);
                found.push((format!("{} in {norm}", entry.name), text(&(images, rest))));
            }
        }
        Ok(found)
    })
}

#[test]
fn every_measure_is_the_same_number() -> Outcome {
    let data = mnist::load_default()?;
    let (model, test) = model(&data, 300).map_err(|e| e.to_string())?;
    assert_the_same(|| {
        let (images, labels) = (test.images.view(), test.labels.as_slice());
        let (graph, params) = (model.graph(), model.params());
        let norms = input_gradient_norms(&model, images, labels)?;
        let margins = logit_margins(&model, images, labels)?;
        let mut found: Found = vec![
            ("evaluation".into(), text(&evaluate(&model, images, labels)?)),
            ("input gradients".into(), text(&(&norms, zero_share(&norms), Summary::of(&norms)?))),
            ("margins".into(), text(&(&margins, Histogram::uniform(&margins, -10.0, 10.0, 40)?))),
            ("filter norms".into(), text(&filter_norms(graph, params)?)),
            ("logit scale".into(), text(&logit_margins(&with_scaled_logits(&model, 0.3)?, images, labels)?)),
        ];
        for scope in [Scope::Batch(64), Scope::Example] {
            let found_there = sharpness(&model, images, labels, scope, &[0.001, 0.01])?;
            found.push((format!("sharpness, {scope:?}"), text(&found_there)));
        }
        let options = SpectrumOptions { key: Key::new(42), ..SpectrumOptions::default() };
        // The default options include spectral densities.
        let spectrum = curvature_spectrum(graph, params, images, labels, &options)?;
        found.push(("spectrum".into(), text(&spectrum)));

        let along = |seed| filter_normalised_direction(graph, params, Key::new(seed));
        let directions = [along(1)?, along(2)?];
        let steps = evenly_around_zero(3, 1.0);
        let surface = loss_surface(&model, [&directions[0], &directions[1]], &steps, &steps, images, labels)?;
        found.push(("loss surface".into(), text(&surface)));
        let segment = loss_along_segment(&model, &directions[0], &steps, images, labels)?;
        found.push(("loss along a segment".into(), text(&segment)));

        let resamples = ImageResamples::new(Key::new(1), margins.len(), 500);
        let share_above = |least: f64| {
            let above: Vec<bool> = margins.iter().map(|&margin| margin > least).collect();
            Resampled::of(&Share::of_all(&above), &resamples)
        };
        let estimate = Estimate::over_seeds_and_images(&[share_above(0.0)?, share_above(1.0)?])?;
        let p = [estimate.p_apart(0.0), p_same_share((180.0, 300.0), (200.0, 300.0))];
        found.push(("statistics".into(), text(&(estimate.interval(0.95), holm(&p)))));
        Ok(found)
    })
}
