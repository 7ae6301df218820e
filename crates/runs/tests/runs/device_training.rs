//! Training runs on an emulated device, compared with the same runs on the CPU.

use minima_autodiff::Model;
use minima_config::Labels;
use minima_config::preset::Preset;
use minima_config::{Run, training_set};
use minima_cuda::{CudaEngine, CudaError, EmulatedDevice};
use minima_data::mnist;
use minima_linalg::LinalgError;
use minima_optim::{OptimError, Optimizer, OptimizerState};
use minima_runs::RunError;
use minima_runs::TestSet;
use minima_runs::observer::Silent;
use minima_runs::train_on;
use minima_runs::training::{AtTheEnd, Keeping, Training, TrainingState, Visitor};
use std::ops::ControlFlow;

/// A few roundings of single precision, 6e-8 each, which the device applies in another order.
const TOLERANCE: f64 = 1e-6;

type Engine = CudaEngine<EmulatedDevice>;

/// The emulator; `None` if the test is skipped because no compiler is installed. The variables forbid skipping.
pub(crate) fn device() -> Option<EmulatedDevice> {
    let required =
        ["MINIMA_REQUIRE_GXX", "CI"].into_iter().find(|name| std::env::var_os(name).is_some_and(|x| !x.is_empty()));
    match (EmulatedDevice::start(), required) {
        (Ok(device), _) => Some(device),
        (Err(error @ CudaError::Missing { .. }), Some(variable)) => {
            panic!("{variable} is set, so no test may be skipped: {error}")
        }
        (Err(error @ CudaError::Missing { .. }), None) => {
            eprintln!("skipped: {error}");
            None
        }
        (Err(error), _) => panic!("{error}"),
    }
}

/// 22 images in batches of 4: five full batches, the last of which replay a recorded batch, and a batch of 2.
fn small() -> Preset {
    let small = ["epochs=2", "batch_size=4", "train_images=22", "test_images=10"].map(str::to_owned);
    Preset::named("paper", &small).unwrap()
}

/// Fails at the call with this number. The optimizer is called for the first two and the last step of the first epoch, then for
/// the last step of the second epoch.
struct FailsAt {
    step: u32,
    inner: Box<dyn Optimizer<f32, Engine>>,
}

impl Optimizer<f32, Engine> for FailsAt {
    fn step(
        &mut self,
        engine: &Engine,
        params: &mut <Engine as minima_autodiff::Engine<f32>>::Vector,
        batch: &<Engine as minima_autodiff::Engine<f32>>::Batch<'_>,
    ) -> Result<<Engine as minima_autodiff::Engine<f32>>::Report, OptimError> {
        self.step -= 1;
        if self.step == 0 {
            let source = LinalgError::NotPositiveDefinite { pivot: 3 };
            return Err(OptimError::Solve { damping: 0.5, source, enough: None });
        }
        self.inner.step(engine, params, batch)
    }

    fn repeats_its_calls(&self) -> bool {
        self.inner.repeats_its_calls()
    }

    fn check(&self) -> Result<(), OptimError> {
        self.inner.check()
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.inner.set_learning_rate_factor(factor);
    }

    fn state(&self, engine: &Engine) -> Result<OptimizerState, OptimError> {
        self.inner.state(engine)
    }

    fn restore(&mut self, engine: &Engine, state: &OptimizerState) -> Result<(), OptimError> {
        self.inner.restore(engine, state)
    }
}

#[test]
fn a_step_that_fails_on_a_device_is_told_of_and_the_last_good_state_kept() {
    let Some(device) = device() else { return };
    let preset = small();
    let data = mnist::load_default().unwrap();
    let test = TestSet::new(&data.test.take(preset.test_images));
    let run = Run { labels: Labels::Clean, optimizer: "adam".to_owned(), seed: 42 };
    let train = training_set(&preset, &run, &data).unwrap();
    let engine = CudaEngine::new(device, preset.network.graph(&train).unwrap()).unwrap();
    let inner = preset.optimizer("adam").unwrap().build_for(&engine, 42).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let keeping = Keeping::default();
    let keep = keeping.at(folder.path().to_owned());
    let training =
        Training { preset: &preset, run: &run, train: &train, test: &test, validation: None, keep: Some(&keep) };
    let error =
        train_on(&engine, Box::new(FailsAt { step: 4, inner }), &training, &mut Silent, &mut AtTheEnd).unwrap_err();
    assert!(matches!(error, RunError::Step { epoch: 2, step: 6, .. }), "{error}");
    let failure: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("failure.json")).unwrap()).unwrap();
    assert_eq!(failure["epoch"], 2);
    assert_eq!(failure["why"], error.to_string());
    let state = TrainingState::read(folder.path()).unwrap().unwrap();
    assert_eq!((state.progress.rows.len(), state.progress.step), (1, 0));
}

/// The weights after every third step.
#[derive(Default)]
struct Seen(Vec<(u64, Vec<f32>)>);

impl Visitor for Seen {
    fn wants(&self, step: u64) -> bool {
        step.is_multiple_of(3)
    }

    fn visit(&mut self, step: u64, model: &Model<f32>) -> Result<ControlFlow<()>, RunError> {
        self.0.push((step, model.params().to_vec()));
        Ok(ControlFlow::Continue(()))
    }
}

/// The distance of two vectors of weights, relative to the length of the second one.
fn apart(found: &[f32], expected: &[f32]) -> f64 {
    let moved: f32 = found.iter().zip(expected).map(|(a, b)| (a - b).powi(2)).sum();
    let size: f32 = expected.iter().map(|a| a * a).sum();
    f64::from((moved / size).sqrt())
}

/// Ends the training after two steps.
struct EndsEarly;

impl Visitor for EndsEarly {
    fn wants(&self, step: u64) -> bool {
        step == 2
    }

    fn visit(&mut self, _step: u64, _model: &Model<f32>) -> Result<ControlFlow<()>, RunError> {
        Ok(ControlFlow::Break(()))
    }
}

#[test]
fn a_visitor_ends_a_run_on_a_device() {
    let Some(device) = device() else { return };
    let preset = small();
    let data = mnist::load_default().unwrap();
    let test = TestSet::new(&data.test.take(preset.test_images));
    let run = Run { labels: Labels::Clean, optimizer: "sgd".to_owned(), seed: 42 };
    let train = training_set(&preset, &run, &data).unwrap();
    let engine = CudaEngine::new(device, preset.network.graph(&train).unwrap()).unwrap();
    let optimizer = preset.optimizer("sgd").unwrap().build_for(&engine, 42).unwrap();
    let training = Training { preset: &preset, run: &run, train: &train, test: &test, validation: None, keep: None };
    let (model, rows) = train_on(&engine, optimizer, &training, &mut Silent, &mut EndsEarly).unwrap();
    let (expected, _) = training.run(&mut Silent, &mut EndsEarly).unwrap();
    assert!(rows.is_empty() && apart(model.params(), expected.params()) < TOLERANCE);
}

#[test]
fn a_run_on_a_device_follows_the_processors() {
    let preset = small();
    let data = mnist::load_default().unwrap();
    let test = TestSet::new(&data.test.take(preset.test_images));
    for name in ["sgd", "adam", "gauss-newton", "gauss-newton-published"] {
        let Some(device) = device() else { return };
        let run = Run { labels: Labels::Poisoned, optimizer: name.to_owned(), seed: 42 };
        let train = training_set(&preset, &run, &data).unwrap();
        let engine = CudaEngine::new(device, preset.network.graph(&train).unwrap()).unwrap();
        let optimizer = preset.optimizer(name).unwrap().build_for(&engine, 42).unwrap();
        let training =
            Training { preset: &preset, run: &run, train: &train, test: &test, validation: None, keep: None };
        let mut seen = Seen::default();
        let (model, rows) = train_on(&engine, optimizer, &training, &mut Silent, &mut seen).unwrap();
        let mut expected_seen = Seen::default();
        let (expected, expected_rows) = training.run(&mut Silent, &mut expected_seen).unwrap();
        assert_eq!(rows.len(), 2);
        for (row, expected) in rows.iter().zip(&expected_rows) {
            assert!((row.train_loss - expected.train_loss).abs() < TOLERANCE, "{row:?} {expected:?}");
            assert!((row.test_loss - expected.test_loss).abs() < TOLERANCE, "{row:?} {expected:?}");
            assert!((row.train_accuracy - expected.train_accuracy).abs() < 1e-12, "{row:?} {expected:?}");
        }
        // The models between steps are those of the CPU too, and the last one is the result.
        assert_eq!(seen.0.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [3, 6, 9, 12]);
        assert_eq!(seen.0.last().map(|(_, params)| params.as_slice()), Some(model.params()));
        for ((step, params), (_, expected)) in seen.0.iter().zip(&expected_seen.0) {
            let apart = apart(params, expected);
            assert!(apart < TOLERANCE, "{name}, step {step}: {apart:e}");
        }
        let apart = apart(model.params(), expected.params());
        eprintln!("{name}: weights {apart:.1e} apart");
        assert!(apart < TOLERANCE, "{name}: {apart:e}");
    }
}

/// Optimizers whose vectors are on the host: three steps, of which none is recorded.
#[test]
fn newton_type_optimizers_on_a_device_follow_the_processors() {
    // Each step adds the roundings of a gradient and of a few products, which the damped system passes on.
    const OF_STEPS: f64 = 10.0 * TOLERANCE;
    let short =
        ["epochs=1", "batch_size=4", "train_images=10", "test_images=4", "optimizers.gauss-newton-cg.iterations=2"];
    let preset = Preset::named("extended", &short.map(str::to_owned)).unwrap();
    let data = mnist::load_default().unwrap();
    let test = TestSet::new(&data.test.take(preset.test_images));
    for name in ["gauss-newton-cg", "kfac", "ekfac"] {
        let Some(device) = device() else { return };
        let run = Run { labels: Labels::Clean, optimizer: name.to_owned(), seed: 42 };
        let train = training_set(&preset, &run, &data).unwrap();
        let engine = CudaEngine::new(device, preset.network.graph(&train).unwrap()).unwrap();
        let optimizer = preset.optimizer(name).unwrap().build_for(&engine, run.seed).unwrap();
        let training =
            Training { preset: &preset, run: &run, train: &train, test: &test, validation: None, keep: None };
        let (model, rows) = train_on(&engine, optimizer, &training, &mut Silent, &mut AtTheEnd).unwrap();
        let (expected, expected_rows) = training.run(&mut Silent, &mut AtTheEnd).unwrap();
        let apart = apart(model.params(), expected.params());
        eprintln!("{name}: weights {apart:.1e} apart");
        assert!(apart < OF_STEPS, "{name}: {apart:e}");
        assert!((rows[0].train_loss - expected_rows[0].train_loss).abs() < OF_STEPS, "{rows:?} {expected_rows:?}");
        assert!((rows[0].test_loss - expected_rows[0].test_loss).abs() < OF_STEPS, "{rows:?} {expected_rows:?}");
    }
}
