//! The estimated time of a job, from a timed step.

use super::settings::Device;
use crate::error::StudyError;
use minima_config::optimizer_spec::Point;
use minima_config::preset::Preset;
use minima_config::training_set;
use minima_data::Splits;
use minima_runs::observer::Silent;
use minima_runs::training::{AtTheEnd, Training};
use minima_runs::{Job, TestSet};
use std::collections::HashMap;
use std::time::Instant;

/// The steps of the shorter and the longer of the two timed trainings. Their difference has no set-up and no test.
const STEPS: [usize; 2] = [1, 4];

/// Times a step of each kind of run.
pub(super) struct Timing {
    device: Device,
    is_timed: bool,
    /// The seconds of a step, by everything that decides them.
    known: HashMap<String, f64>,
}

impl Timing {
    pub(super) fn new(device: Device, is_timed: bool) -> Self {
        Self { device, is_timed, known: HashMap::new() }
    }

    /// The estimated time of training, in seconds.
    pub(super) fn seconds(&mut self, job: &Job, data: &Splits) -> Result<f64, StudyError> {
        if !self.is_timed {
            return Ok(job.cost() / 1000.0);
        }
        let key = kind(job)?;
        let step = match self.known.get(&key) {
            Some(step) => *step,
            None => {
                let step = self.step(job, data)?;
                self.known.insert(key, step);
                step
            }
        };
        Ok(step * job.steps() as f64)
    }

    /// Times a step. A training that fails has the built-in estimate: the job itself will tell why.
    fn step(&self, job: &Job, data: &Splits) -> Result<f64, StudyError> {
        let built_in = job.cost() / 1000.0 / job.steps().max(1) as f64;
        let machine = self.device.machine(&job.preset.network.graph(&data.train)?)?;
        let test = TestSet::new(&data.test.take(1));
        let mut times = [0.0; STEPS.len()];
        for (time, steps) in times.iter_mut().zip(STEPS) {
            let train_images = (steps * job.preset.batch_size).min(job.preset.train_images);
            let preset = Preset { epochs: 1, train_images, validation_images: 0, ..job.preset.clone() };
            let train = training_set(&preset, &job.run, data)?;
            let training =
                Training { preset: &preset, run: &job.run, train: &train, test: &test, validation: None, keep: None };
            let start = Instant::now();
            if machine.train(&training, &mut Silent, &mut AtTheEnd).is_err() {
                return Ok(built_in);
            }
            *time = start.elapsed().as_secs_f64();
        }
        let step = (times[1] - times[0]) / (STEPS[1] - STEPS[0]) as f64;
        Ok(if step > 0.0 { step } else { built_in })
    }
}

/// Everything that decides the time of a step: not the seed, nor the numbers of the optimizer.
fn kind(job: &Job) -> Result<String, StudyError> {
    let point = Point { learning_rate: 1.0, damping: Some(1.0), rho: Some(1.0) };
    let preset = &job.preset;
    Ok(format!(
        "{:?} {:?} {:?} {} {:?} {:?}",
        job.optimizer()?.clone().at(&point),
        preset.network,
        preset.precision,
        preset.batch_size,
        preset.training.adversarial,
        preset.data_files
    ))
}
