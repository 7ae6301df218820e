//! Attacks on checkpoints, as `attack` prints them.

use minima_attacks::{Ball, Norm, TransferMatrix};
use minima_autodiff::{Classifier, Model};
use minima_config::attack_catalogue::{Options, attack};
use minima_config::network;
use minima_config::preset::NetworkKind;
use minima_data::Dataset;
use minima_rows::Table;
use minima_rows::significant::shortest;
use minima_runs::RunError;
use minima_runs::machine::Machine;
use minima_store::Unfinished;
use minima_store::cached;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// An attack that a user asks for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Its name.
    pub attack: &'a str,
    /// The norm of the balls.
    pub norm: Norm,
    /// Their radii.
    pub epsilons: &'a [f64],
    /// What is chosen of the attack.
    pub options: Options,
    /// Where what is found at each radius is kept until all are done; nowhere, and all is measured anew each time.
    pub kept: Option<&'a Unfinished>,
}

impl Request<'_> {
    /// What was found at a radius before, or is measured now.
    fn once<M: Serialize + DeserializeOwned>(
        &self,
        epsilon: f64,
        measure: impl FnOnce() -> Result<M, RunError>,
    ) -> Result<M, RunError> {
        match self.kept {
            // The folder's recipe has all else that decides it.
            Some(unfinished) => cached(&unfinished.join(&format!("{epsilon}.json")), "", measure),
            None => measure(),
        }
    }
}

/// What an attack found at one radius.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackAtEpsilon {
    /// The radius.
    pub epsilon: f64,
    /// Images classified correctly before and wrongly after.
    pub successes: usize,
    /// Images classified correctly before and after.
    pub robust: usize,
    /// `robust` among all images, 0 to 1.
    pub robust_accuracy: f64,
    /// Images that went through the network, with or without a gradient.
    pub queries: usize,
    /// How long it took.
    pub seconds: f64,
}

/// What an attack found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttackReport {
    /// The attack.
    pub attack: String,
    /// The norm.
    pub norm: Norm,
    /// Images.
    pub images: usize,
    /// How many of them are classified correctly.
    pub correct: usize,
    /// A radius a row.
    pub results: Vec<AttackAtEpsilon>,
}

/// Attacks a checkpoint of the paper's network with the test images given.
///
/// # Errors
/// When the checkpoint cannot be read or does not fit the network, or the request makes no sense.
pub fn attack_checkpoint(
    weights: &Path,
    machine: &Machine,
    test: &Dataset,
    request: &Request<'_>,
) -> Result<AttackReport, RunError> {
    let chosen = attack(request.attack, request.norm, &request.options)?;
    let balls = request.epsilons.iter().map(|&e| Ball::new(request.norm, e)).collect::<Result<Vec<_>, _>>()?;
    let model = load(weights, test)?;
    let (images, labels) = test.all::<f32>();
    machine.with_model(&model, |model| {
        let mut results = Vec::new();
        let mut correct = None;
        for ball in balls {
            let (found, correct_before) = request.once(ball.epsilon(), || {
                let start = Instant::now();
                let outcome = chosen.run(model, images.view(), &labels, ball)?;
                let seconds = start.elapsed().as_secs_f64();
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
        // Every attack has counted them; without a radius there was none.
        let correct = match correct {
            Some(correct) => correct,
            None => minima_metrics::evaluate(model, images.view(), &labels)?.correct,
        };
        let attack = chosen.name().to_owned();
        Ok(AttackReport { attack, norm: request.norm, images: labels.len(), correct, results })
    })
}

/// How often the images that an attack makes on one checkpoint are misclassified by others too.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TransferReport {
    /// The attack.
    pub attack: String,
    /// The norm.
    pub norm: Norm,
    /// Images.
    pub images: usize,
    /// The checkpoint they were made on.
    pub source: String,
    /// Which image of the attack the targets are shown.
    pub shown: String,
    /// A target and radius a row.
    pub results: Vec<TransferResult>,
}

/// One checkpoint that is shown another's adversarial images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TransferResult {
    /// The checkpoint.
    pub target: String,
    /// The radius.
    pub epsilon: f64,
    /// Images that it classifies correctly as they are.
    pub correct: usize,
    /// Images that both checkpoints classify correctly before the attack. These count.
    pub both_correct: usize,
    /// Images among `both_correct` whose adversarial version the target misclassifies.
    pub successes: usize,
    /// Successes among `both_correct`, 0 to 1; `None` if `both_correct` is 0.
    pub success_rate: Option<f64>,
}

/// Attacks one checkpoint, with all steps taken, and shows the images to others.
///
/// # Errors
/// As [`attack_checkpoint`].
pub fn transfer_checkpoints(
    source: &Path,
    targets: &[PathBuf],
    test: &Dataset,
    request: &Request<'_>,
) -> Result<TransferReport, RunError> {
    let chosen = attack(request.attack, request.norm, &request.options)?;
    let (images, labels) = test.all::<f32>();
    let made_on = load(source, test)?;
    let models = targets.iter().map(|path| load(path, test)).collect::<Result<Vec<_>, _>>()?;
    let shown: Vec<&dyn Classifier<f32>> = models.iter().map(|model| model as _).collect();
    let mut results = Vec::new();
    for &epsilon in request.epsilons {
        let ball = Ball::new(request.norm, epsilon)?;
        results.extend(request.once(epsilon, || {
            let matrix = TransferMatrix::measure(chosen.as_ref(), &[&made_on], &shown, images.view(), &labels, ball)?;
            let found = targets.iter().zip(matrix.cells.row(0)).map(|(path, cell)| TransferResult {
                target: path.display().to_string(),
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
        source: source.display().to_string(),
        shown: chosen.transferred().to_string(),
        results,
    })
}

pub(crate) fn load(weights: &Path, test: &Dataset) -> Result<Model<f32>, RunError> {
    let graph = network(NetworkKind::PaperCnn, test)?;
    let params = graph.load(weights)?;
    Ok(Model::new(graph, params)?)
}

impl fmt::Display for AttackReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} in {}: {} of {} correct\n", self.attack, self.norm, self.correct, self.images)?;
        let mut table = Table::new(&["epsilon", "successes", "robust", "robust accuracy", "queries", "seconds"]);
        for r in &self.results {
            let counts = [shortest(r.epsilon), r.successes.to_string(), r.robust.to_string()];
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
        writeln!(f, "Shown to the checkpoints below: {}.", self.shown)?;
        writeln!(f, "Counted are the images that both checkpoints classify correctly as they are.\n")?;
        let mut table = Table::new(&["checkpoint", "epsilon", "correct", "both correct", "successes", "success rate"]);
        for r in &self.results {
            let counts = [r.correct, r.both_correct, r.successes].map(|count| count.to_string());
            let rate = r.success_rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.2} %", 100.0 * rate));
            table.rows.push([&[r.target.clone(), shortest(r.epsilon)][..], &counts, &[rate]].concat());
        }
        write!(f, "{}", table.to_text())
    }
}
