//! A program with an attack, a network and an optimizer of its own, and every command of minima:
//! `cargo run --release -p minima-cli --example own_code -- attack --list`.

use minima_attacks::{Attack, AttackError, Ball, Norm, Outcome, Passes, Transferred};
use minima_autodiff::engine::UpdateRule;
use minima_autodiff::{Classifier, Graph, GraphBuilder};
use minima_cli::{NumericOption, Options, OwnAttack, OwnNetwork, OwnOptimizer, Registry, RegistryError};
use minima_network::NetworkError;
use minima_optim::{FirstOrder, FirstOrderRule, OptimError};
use ndarray::{ArrayView2, Zip};
use std::process::ExitCode;

fn main() -> ExitCode {
    minima_cli::main_with(registry())
}

fn registry() -> Result<Registry, RegistryError> {
    let momentum = NumericOption::share("momentum", 0.9);
    Registry::new()
        .attack(
            OwnAttack::new("uphill", "steps by which the logit of the label falls", &[Norm::Linf], uphill)
                .with_options(&["steps"]),
        )?
        .network(OwnNetwork::new("two-layers", [("width", 16)], two_layers))?
        .optimizer(OwnOptimizer::first_order("sign-momentum", [momentum], |learning_rate, [momentum]| {
            Box::new(FirstOrder::following(SignMomentum { learning_rate, factor: 1.0, momentum }))
        }))
}

/// Two dense layers with a ReLU between them.
fn two_layers(
    [height, width, channels]: [usize; 3],
    classes: usize,
    [features]: [usize; 1],
) -> Result<Graph, NetworkError> {
    let mut g = GraphBuilder::new(&[height, width, channels]);
    let x = g.flatten(g.input());
    let x = g.dense(x, "Dense_0", features)?;
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", classes)?;
    Ok(g.finish(x)?)
}

/// `v ← μ v + (1 − μ) g; θ ← θ − η sign(v)`.
struct SignMomentum {
    learning_rate: f64,
    factor: f64,
    momentum: f64,
}

impl UpdateRule<f32> for SignMomentum {
    fn memory(&self) -> usize {
        1
    }

    fn apply(&self, _: u32, params: &mut [f32], gradient: &[f32], memory: &mut [&mut [f32]], _: bool) {
        let (rate, momentum) = ((self.factor * self.learning_rate) as f32, self.momentum as f32);
        let Some(velocity) = memory.first_mut() else { return };
        for ((p, &g), v) in params.iter_mut().zip(gradient).zip(velocity.iter_mut()) {
            *v = momentum * *v + (1.0 - momentum) * g;
            if *v != 0.0 {
                *p -= rate * v.signum();
            }
        }
    }
}

impl FirstOrderRule<f32> for SignMomentum {
    fn check(&self) -> Result<(), OptimError> {
        // The registered ranges are narrower than these.
        match [("learning_rate", self.learning_rate), ("momentum", self.momentum)]
            .into_iter()
            .find(|(_, x)| !x.is_finite())
        {
            Some((option, found)) => Err(OptimError::Option { option, found, expected: "a finite number" }),
            None => Ok(()),
        }
    }

    fn set_learning_rate_factor(&mut self, factor: f64) {
        self.factor = factor;
    }
}

fn uphill(options: &Options) -> Box<dyn Attack<f32>> {
    Box::new(Uphill { steps: options.steps.unwrap_or(5) })
}

/// Steps along the sign of the gradient by which the label's logit falls.
struct Uphill {
    steps: usize,
}

impl Attack<f32> for Uphill {
    fn name(&self) -> &'static str {
        "uphill"
    }

    fn run(
        &self,
        model: &dyn Classifier<f32>,
        images: ArrayView2<'_, f32>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<f32>, AttackError> {
        let (radius, step) = (ball.epsilon() as f32, (ball.epsilon() / self.steps.max(1) as f64) as f32);
        let mut adversarial = images.to_owned();
        for _ in 0..self.steps {
            let (_, gradients) = model.logits_and_input_vjp(adversarial.view(), &|image, _, cotangent| {
                if let Some(of_label) = labels.get(image).and_then(|&label| cotangent.get_mut(label)) {
                    *of_label = 1.0;
                }
            })?;
            Zip::from(&mut adversarial).and(&gradients).and(&images).for_each(|a, &g, &x| {
                let moved = if g == 0.0 { *a } else { *a - step * g.signum() };
                *a = moved.clamp(x - radius, x + radius).clamp(0.0, 1.0);
            });
        }
        let passes = Passes { gradients: self.steps * labels.len(), forwards: 0 };
        Outcome::of("uphill", model, (images, labels), ball, adversarial, passes)
    }

    fn run_for_transfer(
        &self,
        model: &dyn Classifier<f32>,
        images: ArrayView2<'_, f32>,
        labels: &[usize],
        ball: Ball,
    ) -> Result<Outcome<f32>, AttackError> {
        self.run(model, images, labels, ball)
    }

    fn transferred(&self) -> Transferred {
        Transferred::AfterAllSteps
    }
}
