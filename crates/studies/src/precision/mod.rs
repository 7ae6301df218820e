//! `precision`: the effect of rounding. Trains each Gauss-Newton in double and single precision, and with the factors of its
//! products rounded to TF32 and to bfloat16.

mod drift;
mod plan;
mod rounding;

pub(crate) use rounding::{rounding, to_markdown};

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use minima_metrics::Summary;
use minima_rows::{DriftRow, PrecisionRow, write_csv};
use minima_runs::{FirstOrder, Job, StoredRun, TestSet};
use minima_store::write_atomically;
use plan::{EXACT, Planned, plan};

/// One clean run per seed, variant and arithmetic.
pub(super) fn jobs(options: &StudyOptions) -> Result<Vec<Job>, StudyError> {
    Ok(plan(options)?.into_iter().map(|planned| planned.job).collect())
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
        let exact = plan::job(options, &planned.variant, EXACT, job.run.seed)?;
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
        let measured = FirstOrder::of(&model, images, labels, epsilons)?;
        let median_input_gradient_norm = Summary::of(&measured.input_gradient_norms)?.median;
        for outcome in measured.fgsm {
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
