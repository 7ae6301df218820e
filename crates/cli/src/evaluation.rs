//! The evaluation of one checkpoint, for the command `evaluate`.

use crate::checkpoints::Checkpoint;
use minima_autodiff::Model;
use minima_data::Dataset;
use minima_metrics::{Eigenvalue, SpectrumOptions, Summary, curvature_spectrum};
use minima_rows::Scope;
use minima_rows::Table;
use minima_rows::significant::{Radius, decimal, shortest, significant};
use minima_runs::RunError;
use minima_runs::TestSet;
use minima_runs::machine::Machine;
use minima_runs::measurement::{LossIncreases, measure};
use serde::Serialize;
use std::fmt;

/// Significant digits of eigenvalues and traces.
const DIGITS: usize = 4;

/// Test images per weight perturbation in the scope `batch`, as in the paper.
const SHARPNESS_BATCH: usize = 256;

/// Number of training images in the mean loss whose curvature is measured.
const CURVATURE_IMAGES: usize = 1_000;

/// Result of one attack on all test images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AttackResult {
    /// The attack's name.
    pub attack: &'static str,
    /// The attack's epsilon.
    pub epsilon: f64,
    /// Images classified correctly before the attack and misclassified after it.
    pub successes: usize,
}

/// Mean and median over the test images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct MeanAndMedian {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
}

/// Loss increases under weight perturbations of one norm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct SharpnessResult {
    /// The perturbation's norm.
    pub rho: f64,
    /// The images that share one perturbation.
    pub scope: Scope,
    /// Mean over the test images.
    pub mean: f64,
    /// Median over the test images.
    pub median: f64,
}

/// Second derivatives of the mean loss on training images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CurvatureResult {
    /// Number of images, counted from the first.
    pub images: usize,
    /// Largest eigenvalues of the Gauss-Newton matrix, descending.
    pub gauss_newton: Vec<Eigenvalue>,
    /// Largest eigenvalues of the Hessian, descending.
    pub hessian: Vec<Eigenvalue>,
    /// Smallest eigenvalue of the Hessian.
    pub smallest: Eigenvalue,
    /// The trace of the Gauss-Newton matrix.
    pub gauss_newton_trace: f64,
    /// The trace of the Hessian.
    pub trace: f64,
    /// The standard error of the Hessian's trace if it is an estimate; 0 if it is exact.
    pub trace_standard_error: f64,
    /// Largest eigenvalue of the Hessian with parameters in units of their filters' norms.
    pub normalised_largest: Option<Eigenvalue>,
    /// The Hessian's trace in these units.
    pub normalised_trace: f64,
    /// The standard error of this trace; 0 if it is exact.
    pub normalised_trace_standard_error: f64,
}

/// All measurements of a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CheckpointEvaluation {
    /// The checkpoint's file.
    pub weights: String,
    /// Number of test images.
    pub images: usize,
    /// Test images classified correctly.
    pub correct: usize,
    /// Mean loss over the test images.
    pub test_loss: f64,
    /// One element per attack.
    pub attacks: Vec<AttackResult>,
    /// `‖∇ₓ ℓ‖₂`.
    pub input_gradient_norm: MeanAndMedian,
    /// The logit of the true class minus the largest other logit.
    pub logit_margin: MeanAndMedian,
    /// One element per norm and scope.
    pub sharpness: Vec<SharpnessResult>,
    /// The curvature, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curvature: Option<CurvatureResult>,
}

/// Evaluates a checkpoint on test images. If training images are given, also measures the curvature of the
/// mean loss on the first 1 000 of them, with their labels.
///
/// # Errors
/// Returns [`RunError`] if the images do not fit the network, an epsilon or rho is invalid, or a computed
/// value is NaN or infinite.
pub(crate) fn evaluate_checkpoint(
    checkpoint: &Checkpoint,
    machine: &Machine,
    test: &Dataset,
    train: Option<&Dataset>,
    epsilons: &[f64],
    rhos: &[f64],
) -> Result<CheckpointEvaluation, RunError> {
    let Checkpoint { path: weights, model, .. } = checkpoint;
    let set = TestSet::new(test);
    let measured = machine.with_model(model, |model| measure(model, &set, epsilons, rhos, SHARPNESS_BATCH))?;
    let summed_up = |values: &[f64]| -> Result<MeanAndMedian, RunError> {
        let Summary { mean, median, .. } = Summary::of(values)?;
        Ok(MeanAndMedian { mean, median })
    };
    let sharpness = |found: &LossIncreases| -> Result<SharpnessResult, RunError> {
        let MeanAndMedian { mean, median } = summed_up(&found.increases)?;
        Ok(SharpnessResult { rho: found.rho, scope: found.scope, mean, median })
    };
    let attack = |epsilon, successes| AttackResult { attack: "fgsm", epsilon, successes };
    Ok(CheckpointEvaluation {
        weights: weights.display().to_string(),
        images: test.len(),
        correct: measured.correct,
        test_loss: measured.test_loss,
        attacks: measured.fgsm.iter().map(|a| attack(a.epsilon, a.misclassified.count())).collect(),
        input_gradient_norm: summed_up(&measured.input_gradient_norms)?,
        logit_margin: summed_up(&measured.logit_margins)?,
        sharpness: measured.loss_increases.iter().map(sharpness).collect::<Result<_, _>>()?,
        curvature: train.map(|train| curvature(model, train)).transpose()?,
    })
}

/// Measures the curvature of a model's mean loss on training images.
fn curvature(model: &Model<f32>, train: &Dataset) -> Result<CurvatureResult, RunError> {
    let (images, labels) = train.take(CURVATURE_IMAGES).all();
    let found = curvature_spectrum(model.graph(), model.params(), images.view(), &labels, &SpectrumOptions::default())?;
    Ok(CurvatureResult {
        images: found.images,
        gauss_newton: found.gauss_newton.largest,
        hessian: found.hessian.largest,
        smallest: found.hessian.smallest,
        gauss_newton_trace: found.gauss_newton.trace,
        trace: found.hessian.trace,
        trace_standard_error: found.hessian.trace_standard_error,
        normalised_largest: found.normalised_hessian.largest.first().copied(),
        normalised_trace: found.normalised_hessian.trace,
        normalised_trace_standard_error: found.normalised_hessian.trace_standard_error,
    })
}

impl fmt::Display for CheckpointEvaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} of {} correct, test loss {}",
            self.weights,
            self.correct,
            self.images,
            decimal(self.test_loss, 4)
        )?;
        let mut attacks = Table::new(&["attack", "epsilon", "successes", "success rate"]);
        for a in &self.attacks {
            let share = minima_rows::rate(a.successes as u32, self.correct as u32);
            let cells = [a.attack.to_owned(), Radius(a.epsilon).to_string(), a.successes.to_string()];
            attacks.rows.push([&cells[..], &[format!("{:.2} %", 100.0 * share)]].concat());
        }
        writeln!(f, "\n{}", attacks.to_text())?;
        let mut rows = Table::new(&["measure", "mean", "median"]);
        let mut push = |name: String, mean: f64, median: f64| {
            rows.rows.push(vec![name, decimal(mean, 5), decimal(median, 5)]);
        };
        push("input-gradient norm".into(), self.input_gradient_norm.mean, self.input_gradient_norm.median);
        push("logit margin".into(), self.logit_margin.mean, self.logit_margin.median);
        for s in &self.sharpness {
            push(format!("loss increase, rho {}, {}", shortest(s.rho), s.scope), s.mean, s.median);
        }
        write!(f, "{}", rows.to_text())?;
        self.curvature.as_ref().map_or(Ok(()), |curvature| write!(f, "\n{curvature}"))
    }
}

impl fmt::Display for CurvatureResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Curvature of the mean loss on the first {} training images", self.images)?;
        let mut rows = Table::new(&["measure", "value"]);
        let listed = |values: &[Eigenvalue]| values.iter().map(shown).collect::<Vec<_>>().join(" ");
        let mut push = |name: &str, value: String| rows.rows.push(vec![name.to_owned(), value]);
        push("largest eigenvalues, Gauss-Newton matrix", listed(&self.gauss_newton));
        push("largest eigenvalues, Hessian", listed(&self.hessian));
        push("smallest eigenvalue, Hessian", listed(&[self.smallest]));
        let trace = estimated(self.trace, self.trace_standard_error);
        if self.trace == self.gauss_newton_trace {
            push("trace of both matrices", trace);
        } else {
            push("trace, Gauss-Newton matrix", significant(self.gauss_newton_trace, DIGITS));
            push("trace, Hessian", trace);
        }
        push("largest eigenvalue in units of the filters", listed(self.normalised_largest.as_slice()));
        push("trace in units of the filters", estimated(self.normalised_trace, self.normalised_trace_standard_error));
        write!(f, "{}", rows.to_text())?;
        let mut all =
            self.gauss_newton.iter().chain(&self.hessian).chain([&self.smallest]).chain(&self.normalised_largest);
        match all.any(|eigenvalue| !eigenvalue.converged) {
            true => writeln!(f, "\n* not converged: the matrix has an eigenvalue within ± the given distance"),
            false => Ok(()),
        }
    }
}

/// Formats an eigenvalue. One that has not converged gets a star and its error bound.
fn shown(Eigenvalue { value, residual, converged }: &Eigenvalue) -> String {
    let value = significant(*value, DIGITS);
    if *converged { value } else { format!("{value}*±{}", significant(*residual, 2)) }
}

/// Formats a trace. An estimate gets its standard error.
fn estimated(value: f64, standard_error: f64) -> String {
    let value = significant(value, DIGITS);
    if standard_error > 0.0 { format!("{value} (standard error {})", significant(standard_error, 2)) } else { value }
}

#[cfg(test)]
mod tests {
    use super::{CurvatureResult, Eigenvalue};

    #[test]
    fn tiny_eigenvalues_have_digits_and_those_that_have_not_converged_a_mark() {
        let known = |value| Eigenvalue { value, residual: 1e-9, converged: true };
        let mut result = CurvatureResult {
            images: 1_000,
            gauss_newton: vec![known(2.4711e-4), known(2.1673e-4)],
            hessian: vec![known(3.0e-5)],
            smallest: known(-1.25e-7),
            gauss_newton_trace: 1.6e-3,
            trace: 1.6e-3,
            trace_standard_error: 0.0,
            normalised_largest: Some(known(12_058.4)),
            normalised_trace: 5e-12,
            normalised_trace_standard_error: 0.0,
        };
        let text = result.to_string();
        for expected in ["0.0002471 0.0002167", "3.000e-5", "-1.250e-7", "0.001600", "12058", "5.000e-12"] {
            assert!(text.contains(expected), "{text}");
        }
        assert!(!text.contains("not converged"), "{text}");
        result.gauss_newton.push(Eigenvalue { value: 1.3e-4, residual: 2e-5, converged: false });
        let text = result.to_string();
        assert!(text.contains("0.0001300*±2.0e-5") && text.contains("* not converged"), "{text}");
    }
}
