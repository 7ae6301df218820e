//! `precision`: the effect of rounding. Trains each Gauss-Newton in double and single precision, and with the factors of its
//! products rounded to TF32 and to bfloat16.

mod drift;
mod rounding;

pub use rounding::{Rounding, rounding, to_markdown};

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use minima_config::Labels;
use minima_config::Run;
use minima_config::optimizer_spec::{EmulatedSpec, GaussNewtonSpec, OptimizerSpec};
use minima_config::preset::Precision;
use minima_metrics::{Summary, input_gradient_norms};
use minima_optim::{Arithmetic, Generation, SolvePrecision};
use minima_rows::optimizers::{MEAN, PUBLISHED, SUM};
use minima_rows::{DriftRow, PrecisionRow, write_csv};
use minima_runs::TestSet;
use minima_runs::measured::flips;
use minima_runs::{Job, StoredRun};
use minima_store::write_atomically;

/// The arithmetic that the others are compared with.
const EXACT: &str = "f64";

/// A run of the study with its generation and arithmetic.
struct Planned {
    generation: String,
    arithmetic: String,
    job: Job,
}

/// One clean run per seed, generation and arithmetic.
pub(super) fn jobs(options: &StudyOptions) -> Result<Vec<Job>, StudyError> {
    Ok(plan(options)?.into_iter().map(|planned| planned.job).collect())
}

fn plan(options: &StudyOptions) -> Result<Vec<Planned>, StudyError> {
    let mut plan = Vec::new();
    for &seed in &options.preset.seeds {
        for generation in &options.generations {
            for arithmetic in &options.arithmetics {
                let job = job(options, generation, arithmetic, seed)?;
                plan.push(Planned { generation: generation.clone(), arithmetic: arithmetic.clone(), job });
            }
        }
    }
    Ok(plan)
}

/// The job of one run. The learning rate and damping are the preset's for the Gauss-Newton of this generation, or else the
/// paper's.
fn job(options: &StudyOptions, generation: &str, arithmetic: &str, seed: u64) -> Result<Job, StudyError> {
    let unknown = |option, found: &str, expected: &str| StudyError::Option {
        option,
        found: found.to_owned(),
        expected: expected.to_owned(),
    };
    let (optimizer, generation) = match generation {
        "published" => (PUBLISHED, Generation::Published),
        "sum" => (SUM, Generation::Sum),
        "mean" => (MEAN, Generation::Mean),
        other => return Err(unknown("generations", other, "published, sum or mean").into()),
    };
    let mut preset = options.preset.clone();
    let point = preset.optimizers.get(optimizer).map(OptimizerSpec::point);
    let learning_rate = point.map_or(0.01, |point| point.learning_rate);
    let damping = point.and_then(|point| point.damping).unwrap_or(0.01);
    let exact = |precision| {
        OptimizerSpec::GaussNewton(GaussNewtonSpec { generation, learning_rate, damping, precision, labels: None })
    };
    let emulated = |arithmetic| {
        OptimizerSpec::GaussNewtonEmulated(EmulatedSpec {
            generation,
            arithmetic,
            learning_rate,
            damping,
            labels: None,
        })
    };
    let (precision, spec) = match arithmetic {
        EXACT => (Precision::Double, exact(SolvePrecision::Double)),
        "f32" => (Precision::Single, exact(SolvePrecision::Network)),
        "tf32" => (Precision::Single, emulated(Arithmetic::Tf32)),
        "bf16" => (Precision::Single, emulated(Arithmetic::Bf16)),
        other => return Err(unknown("arithmetics", other, "f64, f32, tf32 or bf16").into()),
    };
    preset.precision = precision;
    preset.optimizers.insert(optimizer.to_owned(), spec.clone());
    let run = Run { labels: Labels::Clean, optimizer: optimizer.to_owned(), seed };
    Ok(Job::new(&preset, run)?.with_optimizer(spec, arithmetic))
}

/// Writes `precision.csv`, `drift.csv` and `summary.md`. A failed run has no rows, and the summary names its error.
pub(super) fn gather(context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
    let plan = plan(options)?;
    let measured = context.measure(&jobs(options)?, |job, run| {
        let Some(planned) = plan.iter().find(|planned| planned.job.name == job.name) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let rows = measure(planned, run, &context.test)?;
        if planned.arithmetic == EXACT {
            return Ok((rows, Vec::new()));
        }
        let exact = self::job(options, &planned.generation, EXACT, job.run.seed)?;
        let drift = match context.store.open(&exact, context.data)? {
            Some(exact) => drift::drift(planned, run, &exact, context.data)?,
            None => Vec::new(),
        };
        Ok((rows, drift))
    })?;
    let (mut rows, mut drift): (Vec<PrecisionRow>, Vec<DriftRow>) = (Vec::new(), Vec::new());
    for (_, (of_run, drift_of_run)) in measured {
        rows.extend(of_run);
        drift.extend(drift_of_run);
    }
    write_csv(&context.folder.join("precision.csv"), &rows)?;
    write_csv(&context.folder.join("drift.csv"), &drift)?;
    let mut text = to_markdown(&rounding(&rows));
    for failure in context.failures() {
        text.push_str(&format!("\n{} failed: {}\n", failure.run, failure.why));
    }
    Ok(write_atomically(&context.folder.join("summary.md"), text.as_bytes())?)
}

/// Measures the model after each epoch.
fn measure(planned: &Planned, run: &StoredRun, test: &TestSet) -> Result<Vec<PrecisionRow>, StudyError> {
    let (images, labels) = (test.images.view(), test.labels.as_slice());
    let epsilons = &planned.job.preset.epsilons;
    let mut rows = Vec::new();
    for trained in run.training()? {
        let model = run.checkpoint(run.step_after(trained.epoch))?;
        let median_input_gradient_norm = Summary::of(&input_gradient_norms(&model, images, labels)?)?.median;
        for outcome in flips(&model, images, labels, epsilons)? {
            rows.push(PrecisionRow {
                generation: planned.generation.clone(),
                arithmetic: planned.arithmetic.clone(),
                seed: planned.job.run.seed,
                epoch: trained.epoch,
                train_loss: trained.train_loss,
                test_accuracy: trained.test_accuracy,
                median_input_gradient_norm,
                epsilon: outcome.ball.epsilon(),
                correct: outcome.correct() as u32,
                successes: outcome.successes() as u32,
            });
        }
    }
    Ok(rows)
}
