//! `damping`: the Gauss-Newton of the mean loss over a grid of dampings and learning rates.

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use minima_config::Labels;
use minima_config::Run;
use minima_config::optimizer_spec::Point;
use minima_rows::optimizers::MEAN;
use minima_rows::{DampingRow, write_csv};
use minima_runs::TestSet;
use minima_runs::measured::flips;
use minima_runs::{Job, StoredRun};

/// One clean run per seed and point of the grid.
pub(super) fn jobs(options: &StudyOptions) -> Result<Vec<Job>, StudyError> {
    Ok(grid(options)?.into_iter().map(|(_, job)| job).collect())
}

fn grid(options: &StudyOptions) -> Result<Vec<(Point, Job)>, StudyError> {
    let mut jobs = Vec::new();
    for &seed in &options.preset.seeds {
        for &damping in &options.dampings {
            for &learning_rate in &options.learning_rates {
                let run = Run { labels: Labels::Clean, optimizer: MEAN.to_owned(), seed };
                let job = Job::new(&options.preset, run)?;
                let point = Point { learning_rate, damping: Some(damping), rho: None };
                let spec = job.optimizer()?.clone().at(&point);
                // The point of the preset is the preset's own run, which other studies share.
                let same = spec == *job.optimizer()?;
                let variant = format!("lr-{learning_rate}-damping-{damping}");
                jobs.push((point, if same { job } else { job.with_optimizer(spec, &variant) }));
            }
        }
    }
    Ok(jobs)
}

/// Writes `damping.csv`. The rows of a failed run name its error.
pub(super) fn gather(context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
    let test = &context.test;
    let measured = context.measure(&jobs(options)?, |job, run| measure(job, run, test))?;
    let mut rows = Vec::new();
    for (point, job) in grid(options)? {
        let found = measured.iter().find(|(stored, _)| stored.folder().ends_with(&job.name));
        let failure = context.failure(&job);
        for (place, &epsilon) in job.preset.epsilons.iter().enumerate() {
            let end = found.map(|(_, end)| end);
            let attack = end.and_then(|end| end.fgsm.get(place));
            rows.push(DampingRow {
                optimizer: job.run.optimizer.clone(),
                learning_rate: point.learning_rate,
                damping: point.damping.unwrap_or_default(),
                seed: job.run.seed,
                epochs: job.preset.epochs,
                train_loss: end.and_then(|end| end.train_loss),
                test_accuracy: end.and_then(|end| end.test_accuracy),
                epsilon,
                correct: attack.map(|(correct, _)| *correct),
                successes: attack.map(|(_, successes)| *successes),
                failure: failure.clone(),
            });
        }
    }
    Ok(write_csv(&context.folder.join("damping.csv"), &rows)?)
}

/// Measurements of a model at the end of training.
struct End {
    train_loss: Option<f64>,
    test_accuracy: Option<f64>,
    /// For each radius, the number of correctly classified images, and of those misclassified after FGSM.
    fgsm: Vec<(u32, u32)>,
}

fn measure(job: &Job, run: &StoredRun, test: &TestSet) -> Result<End, StudyError> {
    let model = run.last()?;
    let last = run.training()?.pop();
    let outcomes = flips(&model, test.images.view(), &test.labels, &job.preset.epsilons)?;
    Ok(End {
        train_loss: last.as_ref().map(|row| row.train_loss),
        test_accuracy: last.as_ref().map(|row| row.test_accuracy),
        fgsm: outcomes.iter().map(|outcome| (outcome.correct() as u32, outcome.successes() as u32)).collect(),
    })
}
