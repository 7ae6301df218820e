//! The tables of a grid.

use super::data::Loaded;
use super::jobs::{job_of, point_of};
use super::settings::Settings;
use crate::error::StudyError;
use minima_data::Splits;
use minima_rows::{FailureRow, SweepAttackRow, SweepRow, write_csv};
use minima_runs::machine::Machine;
use minima_runs::measured::{FGSM, at_the_end, late};
use minima_runs::{Bits, RunStore, TestSet};
use minima_sweep::PlannedJob;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Writes `sweep.csv`, `sweep_attacks.csv` and `failures.csv`.
pub(super) fn write(
    settings: &Settings,
    results: &Path,
    done: &[PlannedJob],
    failures: &[FailureRow],
) -> Result<(), StudyError> {
    let (mut loaded, none) = (Loaded::default(), HashMap::new());
    let mut last: Option<(Arc<Splits>, usize, TestSet)> = None;
    let (mut rows, mut attacks) = (Vec::new(), Vec::new());
    for planned in done {
        let (job, _, data) = job_of(planned, settings, &mut loaded, &none)?;
        let images = job.preset.test_images;
        if last.as_ref().is_none_or(|(own, count, _)| !Arc::ptr_eq(own, &data) || *count != images) {
            last = Some((Arc::clone(&data), images, TestSet::new(&data.test.take(images))));
        }
        let Some((_, _, test)) = &last else { continue };
        let folder = settings.runs_folder(results, planned.number);
        let run = RunStore::new(&folder, &Machine::Processor).of_any_device().trained(&job, &data)?;
        // Both were measured with the job, and are read here.
        let end = at_the_end(&run, &job.preset, test)?;
        let late = if job.preset.attacked_images > 0 { late(&run, &job.preset, test)? } else { Vec::new() };
        let point = point_of(planned);
        let (labels, optimizer, seed) = (job.run.labels.name(), &job.run.optimizer, job.run.seed);
        let last_epoch = run.training()?.pop();
        rows.push(SweepRow {
            job: planned.number,
            point: point.clone(),
            labels: labels.to_owned(),
            optimizer: optimizer.clone(),
            seed,
            epochs: run.epochs(),
            train_loss: last_epoch.as_ref().map_or(f64::NAN, |row| row.train_loss),
            train_accuracy: last_epoch.as_ref().map_or(f64::NAN, |row| row.train_accuracy),
            test_loss: end.test_loss,
            test_accuracy: end.correct as f64 / test.labels.len().max(1) as f64,
        });
        let attack = |attack: &str, epsilon, images, correct, robust| SweepAttackRow {
            job: planned.number,
            point: point.clone(),
            labels: labels.to_owned(),
            optimizer: optimizer.clone(),
            seed,
            attack: attack.to_owned(),
            epsilon,
            images,
            correct,
            robust,
        };
        let robust = |flipped: &Bits| end.correct.saturating_sub(flipped.count()) as u32;
        let images = test.labels.len() as u32;
        attacks.extend(
            end.fgsm.iter().map(|f| attack(FGSM, f.epsilon, images, end.correct as u32, robust(&f.misclassified))),
        );
        let stronger = late.iter().filter(|found| found.attack != FGSM && found.epoch == run.epochs());
        attacks.extend(stronger.map(|f| attack(&f.attack, f.epsilon, f.images, f.correct, f.robust)));
    }
    let tables = results.join("tables");
    write_csv(&tables.join("sweep.csv"), &rows)?;
    write_csv(&tables.join("sweep_attacks.csv"), &attacks)?;
    Ok(write_csv(&tables.join("failures.csv"), failures)?)
}
