//! `precision`: what rounding decides. Each Gauss-Newton in double and single precision, and with its products rounded to TF32 and to
//! bfloat16.

mod drift;
mod rounding;

pub use rounding::{rounding, to_markdown};

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use minima_config::Labels;
use minima_config::Run;
use minima_config::optimizer_spec::{EmulatedSpec, GaussNewtonSpec, OptimizerSpec};
use minima_config::preset::Precision;
use minima_metrics::{Summary, input_gradient_norms};
use minima_optim::{Arithmetic, GgnVariant, SolvePrecision};
use minima_rows::optimizers::{MEAN, PUBLISHED, SUM};
use minima_rows::{DriftRow, PrecisionRow, write_csv};
use minima_runs::TestSet;
use minima_runs::measured::flips;
use minima_runs::{Job, StoredRun};
use minima_store::write_atomically;

/// The arithmetic that the others are compared with.
const EXACT: &str = "f64";

/// A run with what it is about.
struct Planned {
    variant: String,
    arithmetic: String,
    job: Job,
}

/// A clean run for each seed, variant and arithmetic.
pub(super) fn jobs(options: &StudyOptions) -> Result<Vec<Job>, StudyError> {
    Ok(plan(options)?.into_iter().map(|planned| planned.job).collect())
}

fn plan(options: &StudyOptions) -> Result<Vec<Planned>, StudyError> {
    let mut plan = Vec::new();
    for &seed in &options.preset.seeds {
        for variant in &options.variants {
            for arithmetic in &options.arithmetics {
                let job = job(options, variant, arithmetic, seed)?;
                plan.push(Planned { variant: variant.clone(), arithmetic: arithmetic.clone(), job });
            }
        }
    }
    Ok(plan)
}

/// Learning rate and damping are those of the experiment's Gauss-Newton of this variant, or the paper's.
fn job(options: &StudyOptions, variant: &str, arithmetic: &str, seed: u64) -> Result<Job, StudyError> {
    let unknown = |option, found: &str, expected: &str| StudyError::Option {
        option,
        found: found.to_owned(),
        expected: expected.to_owned(),
    };
    let (optimizer, variant) = match variant {
        "coupled" => (PUBLISHED, GgnVariant::Coupled),
        "sum" => (SUM, GgnVariant::Sum),
        "mean" => (MEAN, GgnVariant::Mean),
        other => return Err(unknown("variants", other, "coupled, sum or mean").into()),
    };
    let mut preset = options.preset.clone();
    let point = preset.optimizers.get(optimizer).map(OptimizerSpec::point);
    let learning_rate = point.map_or(0.01, |point| point.learning_rate);
    let damping = point.and_then(|point| point.damping).unwrap_or(0.01);
    let exact = |precision| {
        OptimizerSpec::GaussNewton(GaussNewtonSpec { variant, learning_rate, damping, precision, labels: None })
    };
    let emulated = |arithmetic| {
        OptimizerSpec::GaussNewtonEmulated(EmulatedSpec { variant, arithmetic, learning_rate, damping, labels: None })
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

/// Writes `precision.csv`, `drift.csv` and `summary.md`; a run that failed has no rows, and the summary says why.
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
        let exact = self::job(options, &planned.variant, EXACT, job.run.seed)?;
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

/// A model after each epoch.
fn measure(planned: &Planned, run: &StoredRun, test: &TestSet) -> Result<Vec<PrecisionRow>, StudyError> {
    let (images, labels) = (test.images.view(), test.labels.as_slice());
    let epsilons = &planned.job.preset.epsilons;
    let mut rows = Vec::new();
    for trained in run.training()? {
        let model = run.checkpoint(run.step_after(trained.epoch))?;
        let median_input_gradient_norm = Summary::of(&input_gradient_norms(&model, images, labels)?)?.median;
        for outcome in flips(&model, images, labels, epsilons)? {
            rows.push(PrecisionRow {
                variant: planned.variant.clone(),
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
