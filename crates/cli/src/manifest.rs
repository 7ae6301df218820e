//! `manifest.json`: what a run was made with, and where. Times and host facts are here and in no other file.

use minima_config::DataIdentity;
use minima_config::preset::Preset;
use minima_data::{Mnist, known};
use minima_rows::Provenance;
use minima_runs::machine::Machine;
use minima_runs::{Host, numerics};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// One part of a run and how long it took.
#[derive(Clone, Debug, Serialize)]
pub struct Stage {
    /// What was done.
    pub stage: String,
    /// For how long, in seconds.
    pub seconds: f64,
}

/// What a run was made with, and where.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest {
    /// The version of this program.
    pub version: &'static str,
    /// The Git revision that it was compiled from, with `-dirty` if files differed; `unknown` outside a repository.
    pub revision: &'static str,
    /// The crates that decide numbers, with the versions of their numbers.
    pub numerics: String,
    /// The preset's name, or its file's.
    pub preset: String,
    /// The whole configuration, overrides included.
    pub config: Preset,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The data set's name: `MNIST`, `Fashion-MNIST`, or `images of FOLDER`.
    pub data_name: String,
    /// The folder of the data as it was given; `None` for MNIST, which commands use where no folder is given.
    pub data_folder: Option<String>,
    /// SHA-256 of each data file.
    pub data: BTreeMap<String, String>,
    /// Where computations ran.
    pub device: String,
    /// Who factored and solved.
    pub linear_algebra: &'static str,
    /// Threads that computed.
    pub threads: usize,
    /// The machine.
    pub host: Host,
    /// The parts of the run, in order.
    pub stages: Vec<Stage>,
    /// From when the run was last started to its end, in seconds; a stage that was done before is told as it was then, or as no time.
    pub seconds: f64,
}

impl Manifest {
    /// Of a run that has ended.
    #[must_use]
    pub fn new(preset: &str, config: &Preset, machine: &Machine, data: &Mnist, clock: &Clock) -> Self {
        let DataIdentity { name, files } = DataIdentity::of(data);
        let folder = data.folder().filter(|_| name != known::MNIST);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            revision: env!("MINIMA_REVISION"),
            numerics: numerics::measurements(),
            preset: preset.to_owned(),
            config: config.clone(),
            seeds: config.seeds.clone(),
            data_name: name,
            data_folder: folder.map(|folder| folder.display().to_string()),
            data: files,
            device: machine.name(),
            linear_algebra: minima_linalg::BACKEND,
            threads: rayon::current_num_threads(),
            host: Host::here(),
            stages: clock.stages.clone(),
            seconds: clock.start.elapsed().as_secs_f64(),
        }
    }

    /// The part that reports show.
    pub(crate) fn provenance(&self) -> Provenance {
        Provenance {
            version: self.version.to_owned(),
            preset: self.preset.clone(),
            data_name: Some(self.data_name.clone()),
            data_folder: self.data_folder.clone(),
            data: self.data.clone(),
        }
    }

    /// As indented JSON.
    ///
    /// # Errors
    /// None that its content can cause.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }
}

/// Measures the stages of a run.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Instant,
    stages: Vec<Stage>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { start: Instant::now(), stages: Vec::new() }
    }
}

impl Clock {
    /// Notes a stage that took so many seconds.
    pub fn note(&mut self, stage: &str, seconds: f64) {
        self.stages.push(Stage { stage: stage.to_owned(), seconds });
    }

    /// Does one stage and notes how long it took.
    pub fn time<R>(&mut self, stage: &str, work: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = work();
        self.note(stage, start.elapsed().as_secs_f64());
        result
    }
}
