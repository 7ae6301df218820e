//! Attacks on checkpoints, for the command `attack`.

use crate::adversarial_file;
use crate::checkpoints::Checkpoint;
use minima_attacks::{Ball, Norm, Outcome, TransferMatrix};
use minima_autodiff::Classifier;
use minima_config::attack_catalogue::{Options, attack};
use minima_data::Dataset;
use minima_rows::Table;
use minima_rows::significant::Radius;
use minima_runs::RunError;
use minima_runs::machine::Machine;
use minima_store::{AtomicWriteError, Unfinished, cached, write_atomically};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use std::time::Instant;

/// An attack requested on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Request<'a> {
    /// The attack's name.
    pub attack: &'a str,
    /// The norm of the balls.
    pub norm: Norm,
    /// The radii of the balls.
    pub epsilons: &'a [f64],
    /// Options of the attack.
    pub options: Options,
    /// The cache of the results per epsilon. Without it, every epsilon is measured again.
    pub kept: Option<&'a Unfinished>,
    /// The results folder, for the adversarial images.
    pub folder: Option<&'a Path>,
}

impl Request<'_> {
    /// Returns the cached result for an epsilon, or measures it.
    fn once<M: Serialize + DeserializeOwned>(
        &self,
        epsilon: f64,
        measure: impl FnOnce() -> Result<M, RunError>,
    ) -> Result<M, RunError> {
        match self.kept {
            // The folder's recipe covers everything else that determines the result.
            Some(unfinished) => cached(&unfinished.join(&format!("{epsilon}.json")), "", measure),
            None => measure(),
        }
    }

    /// Writes the images of an outcome to the results folder, if there is one.
    fn keep_images(&self, outcome: &Outcome<f32>, labels: &[usize], shape: [usize; 3]) -> Result<(), RunError> {
        let Some(folder) = self.folder else { return Ok(()) };
        let path = folder.join(format!("adversarial-{}.npz", outcome.ball.epsilon()));
        let failed = |source| AtomicWriteError { path: path.clone(), step: "packing the images", source };
        let bytes = adversarial_file::bytes(outcome, labels, shape).map_err(failed)?;
        Ok(write_atomically(&path, &bytes)?)
    }
}

/// Result of an attack at one epsilon.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AttackAtEpsilon {
    /// The radius of the ball.
    pub epsilon: f64,
    /// Images classified correctly before the attack and misclassified after it.
    pub successes: usize,
    /// Images classified correctly before and after the attack.
    pub robust: usize,
    /// `robust` divided by the number of images, 0 to 1.
    pub robust_accuracy: f64,
    /// Evaluations of the network, counted per image, with or without a gradient.
    pub queries: usize,
    /// Wall-clock time.
    pub seconds: f64,
}

/// Results of an attack on a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct AttackReport {
    /// The attack's name.
    pub attack: String,
    /// The norm.
    pub norm: Norm,
    /// Number of images.
    pub images: usize,
    /// Images classified correctly before the attack.
    pub correct: usize,
    /// One element per epsilon.
    pub results: Vec<AttackAtEpsilon>,
}

/// Attacks a checkpoint on these test images.
///
/// # Errors
/// Returns [`RunError`] if the images do not fit the network, or the request is invalid.
pub(crate) fn attack_checkpoint(
    checkpoint: &Checkpoint,
    machine: &Machine,
    test: &Dataset,
    request: &Request<'_>,
) -> Result<AttackReport, RunError> {
    let chosen = attack(request.attack, request.norm, &request.options)?;
    let balls = request.epsilons.iter().map(|&e| Ball::new(request.norm, e)).collect::<Result<Vec<_>, _>>()?;
    let (images, labels) = test.all::<f32>();
    machine.with_model(&checkpoint.model, |model| {
        let mut results = Vec::new();
        let mut correct = None;
        for ball in balls {
            let (found, correct_before) = request.once(ball.epsilon(), || {
                let start = Instant::now();
                let outcome = chosen.run(model, images.view(), &labels, ball)?;
                let seconds = start.elapsed().as_secs_f64();
                // Before the result is kept: a kept result has its images.
                request.keep_images(&outcome, &labels, test.shape())?;
                let found = AttackAtEpsilon {
                    epsilon: ball.epsilon(),
                    successes: outcome.successes(),
                    robust: outcome.robust(),
                    robust_accuracy: outcome.robust_accuracy().unwrap_or(0.0),
                    queries: outcome.passes.queries(),
                    seconds,
                };
                Ok((found, outcome.correct()))
            })?;
            correct = Some(correct_before);
            results.push(found);
        }
        // Every attack counts them. Without an epsilon no attack ran.
        let correct = match correct {
            Some(correct) => correct,
            None => minima_metrics::evaluate(model, images.view(), &labels)?.correct,
        };
        let attack = chosen.name().to_owned();
        Ok(AttackReport { attack, norm: request.norm, images: labels.len(), correct, results })
    })
}

/// How often other checkpoints misclassify the adversarial images made on one checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct TransferReport {
    /// The attack's name.
    pub attack: String,
    /// The norm.
    pub norm: Norm,
    /// Number of images.
    pub images: usize,
    /// The checkpoint the adversarial images were made on.
    pub source: String,
    /// Which image of the attack the targets classify.
    pub shown: String,
    /// One element per target and epsilon.
    pub results: Vec<TransferResult>,
}

/// Result of one target checkpoint at one epsilon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TransferResult {
    /// The target checkpoint.
    pub target: String,
    /// The radius of the ball.
    pub epsilon: f64,
    /// Clean images that the target classifies correctly.
    pub correct: usize,
    /// Clean images that both checkpoints classify correctly. Only these count.
    pub both_correct: usize,
    /// Images among `both_correct` whose adversarial version the target misclassifies.
    pub successes: usize,
    /// `successes` divided by `both_correct`, 0 to 1; `None` if `both_correct` is 0.
    pub success_rate: Option<f64>,
}

/// Attacks one checkpoint with all steps and classifies the adversarial images with the targets.
///
/// # Errors
/// Returns [`RunError`] if the images do not fit a network, or the request is invalid.
pub(crate) fn transfer_checkpoints(
    source: &Checkpoint,
    targets: &[Checkpoint],
    test: &Dataset,
    request: &Request<'_>,
) -> Result<TransferReport, RunError> {
    let chosen = attack(request.attack, request.norm, &request.options)?;
    let (images, labels) = test.all::<f32>();
    let shown: Vec<&dyn Classifier<f32>> = targets.iter().map(|target| &target.model as _).collect();
    let mut results = Vec::new();
    for &epsilon in request.epsilons {
        let ball = Ball::new(request.norm, epsilon)?;
        results.extend(request.once(epsilon, || {
            let matrix =
                TransferMatrix::measure(chosen.as_ref(), &[&source.model], &shown, images.view(), &labels, ball)?;
            let found = targets.iter().zip(matrix.cells.row(0)).map(|(target, cell)| TransferResult {
                target: target.path.display().to_string(),
                epsilon,
                correct: cell.correct,
                both_correct: cell.both_correct,
                successes: cell.successes,
                success_rate: cell.success_rate(),
            });
            Ok(found.collect::<Vec<_>>())
        })?);
    }
    Ok(TransferReport {
        attack: chosen.name().to_owned(),
        norm: request.norm,
        images: labels.len(),
        source: source.path.display().to_string(),
        shown: chosen.transferred().to_string(),
        results,
    })
}

impl fmt::Display for AttackReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in {}: {} of {} correct\n", self.attack, self.norm, self.correct, self.images)?;
        let mut table = Table::new(&["epsilon", "successes", "robust", "robust accuracy", "queries", "seconds"]);
        for r in &self.results {
            let counts = [Radius(r.epsilon).to_string(), r.successes.to_string(), r.robust.to_string()];
            let rest =
                [format!("{:.2} %", 100.0 * r.robust_accuracy), r.queries.to_string(), format!("{:.1}", r.seconds)];
            table.rows.push([counts, rest].concat());
        }
        write!(f, "{}", table.to_text())
    }
}

impl fmt::Display for TransferReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in {} on {}, {} images.", self.attack, self.norm, self.source, self.images)?;
        writeln!(f, "Image passed to the checkpoints below: {}.", self.shown)?;
        writeln!(f, "Only clean images that both checkpoints classify correctly are counted.\n")?;
        let mut table = Table::new(&["checkpoint", "epsilon", "correct", "both correct", "successes", "success rate"]);
        for r in &self.results {
            let counts = [r.correct, r.both_correct, r.successes].map(|count| count.to_string());
            let rate = r.success_rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.2} %", 100.0 * rate));
            table.rows.push([&[r.target.clone(), Radius(r.epsilon).to_string()][..], &counts, &[rate]].concat());
        }
        write!(f, "{}", table.to_text())
    }
}
