//! A process that works on jobs: trains a run, measures it, publishes it.

use super::data::Loaded;
use super::job_note::JobNote;
use super::jobs::{self, OfStudies, job_of};
use super::measures::measure;
use super::settings::{Content, Device, Settings};
use crate::error::StudyError;
use crate::progress::{Clock, Epochs, Listener, RunObserver, StudyEvent};
use crate::study::Study;
use minima_config::NetworkChoice;
use minima_data::Splits;
use minima_runs::machine::Machine;
use minima_runs::training::Keeping;
use minima_runs::{Host, Job, RunError, RunStore, TestSet};
use minima_store::{FolderError, free_name};
use minima_sweep::{Claim, Lease, PlannedJob, Release, Sweep, inherit, publish};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// How a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ran {
    /// It is done, in this time.
    Done {
        /// The time of this process, in seconds.
        seconds: f64,
    },
    /// It failed, and would fail again: its loss exploded, or a matrix could not be factorised.
    Failed {
        /// The error.
        why: String,
    },
    /// Another process has taken the job over.
    Lost,
}

/// Is told which claim the process holds, so that a handler of signals can give it back; `None` after the job.
pub type Held<'a> = dyn Fn(Option<Release>) + 'a;

/// A process that works on jobs.
pub struct Worker<'a> {
    sweep: &'a Sweep,
    settings: Settings,
    /// The results folder.
    results: PathBuf,
    keeping: &'a Keeping,
    listener: &'a Listener<'a>,
    held: &'a Held<'a>,
    loaded: Loaded,
    /// The runs of the plan's studies, once they are known.
    studies: Option<HashMap<String, OfStudies>>,
    /// The device used last, with its network.
    machine: Option<(NetworkChoice, Machine)>,
    /// The test images used last, with their data and their number.
    test: Option<(Arc<Splits>, usize, TestSet)>,
}

impl<'a> Worker<'a> {
    /// A worker on the sweep in this results folder.
    ///
    /// # Errors
    /// Returns [`StudyError::Settings`] if the plan's settings cannot be read, or were made by a program with other numbers.
    pub fn new(
        sweep: &'a Sweep,
        results: &Path,
        keeping: &'a Keeping,
        listener: &'a Listener<'a>,
        held: &'a Held<'a>,
    ) -> Result<Self, StudyError> {
        Ok(Self {
            sweep,
            settings: Settings::read(sweep.plan().settings())?,
            results: results.to_owned(),
            keeping,
            listener,
            held,
            loaded: Loaded::default(),
            studies: None,
            machine: None,
            test: None,
        })
    }

    /// Works on a claimed job until its end. If a stop is requested or an error has to do with this host, gives the job back.
    ///
    /// # Errors
    /// Returns [`StudyError::Run`] with [`RunError::Interrupted`] after a stop request, [`StudyError::Planned`] if the job is not
    /// the one that was planned, and [`StudyError::Run`] or [`StudyError::Sweep`] if a file cannot be read or written, or the
    /// device fails.
    pub fn run(&mut self, planned: &PlannedJob, claim: Claim) -> Result<Ran, StudyError> {
        let keeping = Keeping { stop: self.keeping.stop.narrower(), ..self.keeping.clone() };
        let stop = keeping.stop.clone();
        let lease = self.sweep.lease(claim, move || stop.ask());
        (self.held)(Some(lease.release()));
        let start = Instant::now();
        let found = self.work(planned, &lease, &keeping);
        let end = match found {
            Ok(device) => {
                let seconds = start.elapsed().as_secs_f64();
                let note = JobNote { seconds, device, host: Host::here(), threads: rayon::current_num_threads() };
                lease.done(&serde_json::to_value(note).unwrap_or_default()).map(|()| Ran::Done { seconds })
            }
            Err(StudyError::Run(RunError::Interrupted { .. })) if lease.is_lost() => Ok(Ran::Lost),
            Err(StudyError::Run(error)) if is_of_the_run(&error) => {
                let why = error.to_string();
                (self.listener)(StudyEvent::Failed { run: &planned.name, error: &error.into() });
                lease.failed(&why).map(|()| Ran::Failed { why })
            }
            Err(error) => {
                // Where the disk is full, others take the job over once its heartbeat stops.
                let _ = lease.release().release();
                drop(lease);
                (self.held)(None);
                return Err(error);
            }
        };
        (self.held)(None);
        Ok(end?)
    }

    /// Trains, measures and publishes a run, unless it is public already. Returns the device's name.
    fn work(&mut self, planned: &PlannedJob, lease: &Lease, keeping: &Keeping) -> Result<String, StudyError> {
        let studies = match self.studies.take() {
            Some(known) => known,
            None if matches!(self.settings.content, Content::Grid(_)) => HashMap::new(),
            None => jobs::of_studies(&self.settings, &*self.loaded.of(&self.settings.preset()?)?)?,
        };
        let found = job_of(planned, &self.settings, &mut self.loaded, &studies);
        self.studies = Some(studies);
        let (job, studies, data) = found?;
        self.prepare(&job, &studies, &data)?;
        let (Some((_, machine)), Some((_, _, test))) = (&self.machine, &self.test) else {
            return Err(RunError::NotTrained { run: planned.name.clone() }.into());
        };
        let folder = self.settings.runs_folder(&self.results, planned.number);
        let public = RunStore::new(&folder, machine).of_any_device();
        if public.open(&job, &data)?.is_none() {
            let (own_folder, place) = (lease.work().join(&job.name), folder.join(&job.name));
            match lease.left_behind() {
                Some(left) => inherit(&left, &lease.work())?,
                // A stopped study, or a run of fewer epochs, is gone on from.
                None if place.is_dir() => inherit(&place, &own_folder)?,
                None => {}
            }
            let own = RunStore::new(&lease.work(), machine);
            let clock = Clock::new(std::iter::once(&job));
            let observer = RunObserver { job: &job, clock: &clock, listener: self.listener };
            let mut epochs = Epochs { of: &observer, seen: 0, behind: 0 };
            let start = Instant::now();
            let run = own.train(&job, &data, test, keeping, &mut epochs)?;
            observer.trained(start.elapsed().as_secs_f64());
            measure(&job, &studies, &run, &data, test)?;
            if !publish(&own_folder, &place)? && public.open(&job, &data)?.is_none() {
                let failed = |source| FolderError::System { path: place.clone(), step: "moving aside", source };
                std::fs::rename(&place, free_name(&place)).map_err(failed)?;
                publish(&own_folder, &place)?;
            }
            // Its content is public. An empty folder that stays is harmless.
            let _ = std::fs::remove_dir(lease.work());
        }
        // What an earlier plan did not measure is measured in place.
        measure(&job, &studies, &public.trained(&job, &data)?, &data, test)?;
        (self.listener)(StudyEvent::Measured { run: &job.name, done: 1, of: 1 });
        Ok(machine.trains_on(&job.preset, &job.run, &data.train)?)
    }

    /// Makes the device and the test images of a job, unless the last job had the same.
    fn prepare(&mut self, job: &Job, studies: &[Study], data: &Arc<Splits>) -> Result<(), StudyError> {
        let network = &job.preset.network;
        if self.machine.as_ref().is_none_or(|(own, _)| own != network) {
            let is_about_the_cpu = studies.iter().any(|study| study.is_about_the_cpu());
            let device = if is_about_the_cpu { Device::Cpu } else { self.settings.device };
            self.machine = Some((network.clone(), device.machine(&network.graph(&data.train)?)?));
        }
        let images = job.preset.test_images;
        if self.test.as_ref().is_none_or(|(own, count, _)| !Arc::ptr_eq(own, data) || *count != images) {
            self.test = Some((Arc::clone(data), images, TestSet::new(&data.test.take(images))));
        }
        Ok(())
    }
}

/// Whether an error belongs to the run, and not to the host: it would happen again anywhere.
fn is_of_the_run(error: &RunError) -> bool {
    matches!(
        error,
        RunError::Diverged { .. }
            | RunError::Step { .. }
            | RunError::Attack(_)
            | RunError::Metrics(_)
            | RunError::Verify(_)
            | RunError::Optim(_)
            | RunError::IntervalNetwork(_)
    )
}
