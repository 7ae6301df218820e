//! Training with an optimizer and a network that the program registered.

use crate::training_options::{preset, train, train_in_parts};
use minima_autodiff::engine::UpdateRule;
use minima_autodiff::{Engine, Graph, GraphBuilder, StepReport};
use minima_config::preset::Precision;
use minima_config::registry::{NumericOption, OwnNetwork, OwnOptimizer, Registry};
use minima_optim::{Batch, FirstOrder, FirstOrderRule, OptimError, Optimizer, OptimizerState};
use minima_runs::RunError;
use std::sync::Once;

/// `v ← μ v + g; θ ← θ − η v`.
struct HeavyBall {
    rate: f64,
    factor: f64,
    momentum: f64,
}

impl UpdateRule<f32> for HeavyBall {
    fn memory(&self) -> usize {
        1
    }

    fn apply(&self, _: u32, params: &mut [f32], gradient: &[f32], memory: &mut [&mut [f32]], _: bool) {
        let (rate, momentum) = ((self.factor * self.rate) as f32, self.momentum as f32);
        for ((p, &g), v) in params.iter_mut().zip(gradient).zip(memory[0].iter_mut()) {
            *v = momentum * *v + g;
            *p -= rate * *v;
        }
    }
}

impl FirstOrderRule<f32> for HeavyBall {
    fn check(&self) -> Result<(), OptimError> {
        Ok(())
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.factor = factor;
    }
}

/// Gradient descent whose steps become shorter: `θ ← θ − η g / t` in step t.
struct Harmonic {
    rate: f64,
    steps: u32,
}

impl Optimizer<f32> for Harmonic {
    fn step(&mut self, graph: &Graph, params: &mut Vec<f32>, batch: &Batch<'_, f32>) -> Result<StepReport, OptimError> {
        let (report, gradient) = graph.gradient(params, batch)?;
        self.steps += 1;
        let rate = (self.rate / f64::from(self.steps)) as f32;
        params.iter_mut().zip(&gradient).for_each(|(p, g)| *p -= rate * g);
        Ok(report)
    }

    fn check(&self) -> Result<(), OptimError> {
        Ok(())
    }

    fn set_learning_rate_factor(&mut self, _: f64) {}

    fn state(&self, _: &Graph) -> Result<OptimizerState, OptimError> {
        let mut state = OptimizerState::default();
        state.put_number("steps", f64::from(self.steps));
        Ok(state)
    }

    fn restore(&mut self, _: &Graph, state: &OptimizerState) -> Result<(), OptimError> {
        self.steps = state.count("steps")?;
        Ok(())
    }
}

fn installed() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let heavy_ball =
            OwnOptimizer::first_order("heavy-ball", [NumericOption::share("mu", 0.9)], |rate, [momentum]| {
                Box::new(FirstOrder::following(HeavyBall { rate, factor: 1.0, momentum }))
            });
        let harmonic = OwnOptimizer::new("harmonic", [], |rate, []| Box::new(Harmonic { rate, steps: 0 }));
        let linear = OwnNetwork::new("linear", [], |input, classes, []| {
            let mut g = GraphBuilder::new(&input);
            let x = g.flatten(g.input());
            let x = g.dense(x, "Dense_0", classes)?;
            Ok(g.finish(x)?)
        });
        let registry = Registry::new().optimizer(heavy_ball).unwrap().optimizer(harmonic).unwrap();
        registry.network(linear).unwrap().install().unwrap();
    });
}

const HEAVY_BALL: &str = "kind = \"own\", name = \"heavy-ball\", learning_rate = 0.05, options = { mu = 0.8 }";

#[test]
fn a_registered_rule_is_as_good_as_a_built_in_one() {
    installed();
    // The options of SGD's own tests but weight decay, which the rule does not have.
    let options = "schedule = \"one-cycle\"\ngradient_clip = 0.5\nlabel_smoothing = 0.1\n\
         adversarial = { kind = \"trades\", epsilon = 0.05, steps = 2, step = 0.75 }";
    let own = train(&preset(HEAVY_BALL, options));
    let sgd = train(&preset("kind = \"sgd\", learning_rate = 0.05, momentum = 0.8", options));
    assert_eq!(own.0.params(), sgd.0.params());
}

#[test]
fn a_stopped_run_of_a_registered_optimizer_gives_the_same_bytes() {
    installed();
    for optimizer in [HEAVY_BALL, "kind = \"own\", name = \"harmonic\", learning_rate = 0.1"] {
        let mut preset = preset(optimizer, "label_smoothing = 0.1");
        preset.network = minima_config::NetworkChoice::from_argument("linear").unwrap();
        let (whole, rows) = train(&preset);
        let (model, resumed, stopped) = train_in_parts(&preset, 2);
        assert!(stopped >= 4, "{stopped} stops");
        assert_eq!((model.params(), &resumed), (whole.params(), &rows), "{optimizer}");
    }
}

#[test]
fn double_precision_is_refused_in_one_line() {
    installed();
    for training in ["", "gradient_clip = 1.0"] {
        let mut preset = preset(HEAVY_BALL, training);
        preset.precision = Precision::Double;
        let error = crate::training_options::train_kept(&preset, None, &mut minima_runs::observer::Silent).unwrap_err();
        assert!(matches!(*error, RunError::Step { .. }), "{error}");
        let expected = "the optimizer heavy-ball computes in single precision; found double precision";
        assert!(error.to_string().contains(expected) && !error.to_string().contains('\n'), "{error}");
    }
}
