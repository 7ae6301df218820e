//! `poison`: the effect of wrong labels, by their rate and by how they are chosen.

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use minima_autodiff::softmax_cross_entropy::predicted;
use minima_autodiff::{Classifier, Model};
use minima_config::Labels;
use minima_config::preset::{Flips, Preset};
use minima_config::{Run, TrainingImages};
use minima_data::{Dataset, Splits};
use minima_rows::{PoisonRow, write_csv};
use minima_runs::TestSet;
use minima_runs::measured::flips;
use minima_runs::{Job, StoredRun};
use ndarray::{ArrayView2, Axis};

/// The kinds of poisoning: all labels into random wrong labels, and sevens into ones.
const FLIPS: [Flips; 2] = [Flips::Uniform, TARGETED];
const TARGETED: Flips = Flips::Targeted { from: FROM, to: TO };
/// The number of images to classify at once.
const IMAGES_AT_ONCE: usize = 1_000;
const FROM: u16 = 7;
const TO: u16 = 1;

/// One run per seed, kind of poisoning, rate and optimizer. At rate 0, one clean run for both kinds.
pub(super) fn jobs(options: &StudyOptions) -> Result<Vec<Job>, StudyError> {
    let mut jobs: Vec<Job> = Vec::new();
    for (_, job) in all(options)? {
        if !jobs.iter().any(|other| other.name == job.name) {
            jobs.push(job);
        }
    }
    Ok(jobs)
}

/// Every combination with its kind of poisoning. Clean runs are listed once per kind.
fn all(options: &StudyOptions) -> Result<Vec<(Flips, Job)>, StudyError> {
    let mut jobs = Vec::new();
    for &seed in &options.preset.seeds {
        for poison_flips in FLIPS {
            for &poison_rate in &options.rates {
                for optimizer in options.chosen() {
                    let labels = if poison_rate > 0.0 { Labels::Poisoned } else { Labels::Clean };
                    let preset = Preset { poison_rate, poison_flips, ..options.preset.clone() };
                    let run = Run { labels, optimizer: optimizer.to_owned(), seed };
                    jobs.push((poison_flips, Job::new(&preset, run)?));
                }
            }
        }
    }
    Ok(jobs)
}

/// Writes `poison.csv`.
pub(super) fn gather(context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
    let (data, test) = (context.data, &context.test);
    let measured = context.measure(&jobs(options)?, |job, run| measure(job, run, data, test))?;
    let mut rows = Vec::new();
    for (flips, job) in all(options)? {
        let of_run = measured.iter().filter(|(stored, _)| stored.folder().ends_with(&job.name));
        for row in of_run.flat_map(|(_, rows)| rows) {
            rows.push(PoisonRow { flips: flips.to_string(), ..row.clone() });
        }
    }
    Ok(write_csv(&context.folder.join("poison.csv"), &rows)?)
}

/// Measures one model.
fn measure(job: &Job, run: &StoredRun, data: &Splits, test: &TestSet) -> Result<Vec<PoisonRow>, StudyError> {
    let model = run.last()?;
    let (images, labels) = (test.images.view(), test.labels.as_slice());
    let found = classes(&model, images)?;
    let right = found.iter().zip(labels).filter(|(p, y)| **p == Some(**y)).count();
    let sevens = || labels.iter().zip(&found).filter(|(y, _)| **y == usize::from(FROM));
    let sevens_as_ones = sevens().filter(|(_, p)| **p == Some(usize::from(TO))).count();
    let clean = TrainingImages::of(&job.preset, data).train;
    let fitted = fitted(&model, &clean, &run.training_set(job, data)?)?;
    let mut rows = Vec::new();
    for outcome in flips(&model, images, labels, &job.preset.epsilons)? {
        rows.push(PoisonRow {
            flips: String::new(),
            rate: if job.run.labels == Labels::Clean { 0.0 } else { job.preset.poison_rate },
            optimizer: job.run.optimizer.clone(),
            seed: job.run.seed,
            train_loss: run.training()?.last().map_or(f64::NAN, |row| row.train_loss),
            test_accuracy: right as f64 / labels.len() as f64,
            sevens_as_ones: sevens_as_ones as f64 / sevens().count().max(1) as f64,
            wrong_labels: fitted.wrong,
            memorised: fitted.memorised,
            recovered: fitted.recovered,
            epsilon: outcome.ball.epsilon(),
            correct: outcome.correct() as u32,
            successes: outcome.successes() as u32,
        });
    }
    Ok(rows)
}

/// A model's predictions for the training images with a wrong label.
struct Fitted {
    wrong: u32,
    memorised: u32,
    recovered: u32,
}

fn fitted(model: &Model<f32>, clean: &Dataset, trained_on: &Dataset) -> Result<Fitted, StudyError> {
    let labels = trained_on.labels().iter().zip(clean.labels());
    let wrong: Vec<u32> = (0..).zip(labels).filter(|(_, (given, own))| given != own).map(|(place, _)| place).collect();
    let (images, given) = trained_on.batch::<f32>(&wrong)?;
    let (_, own) = clean.batch::<f32>(&wrong)?;
    let found = classes(model, images.view())?;
    let count = |labels: &[usize]| labels.iter().zip(&found).filter(|(y, p)| **p == Some(**y)).count() as u32;
    Ok(Fitted { wrong: wrong.len() as u32, memorised: count(&given), recovered: count(&own) })
}

/// The predicted class of each image; `None` if a logit is NaN.
fn classes(model: &Model<f32>, images: ArrayView2<'_, f32>) -> Result<Vec<Option<usize>>, StudyError> {
    let mut found = Vec::new();
    for images in images.axis_chunks_iter(Axis(0), IMAGES_AT_ONCE) {
        found.extend(model.logits(images)?.outer_iter().map(predicted));
    }
    Ok(found)
}
