//! `manifest.json`: the configuration and environment of a run. Times and host facts are in no other file.

use minima_config::DataIdentity;
use minima_config::preset::Preset;
use minima_data::{Splits, known};
use minima_rows::{ImagesNote, Provenance};
use minima_runs::machine::Machine;
use minima_runs::{Host, numerics};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// One stage of a run and its duration.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Stage {
    /// Name of the stage.
    pub stage: String,
    /// Duration in seconds.
    pub seconds: f64,
}

/// Sizes, classes and pixels of the data.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Images {
    /// The number of training images.
    pub train: usize,
    /// The number of test images.
    pub test: usize,
    /// Height, width and channels.
    pub shape: [usize; 3],
    /// The names of the classes.
    pub class_names: Vec<String>,
    /// The mean of each channel of the training images, with pixels in [0, 1].
    pub mean: Vec<f64>,
    /// The standard deviation of each channel.
    pub deviation: Vec<f64>,
}

impl Images {
    fn of(data: &Splits) -> Self {
        let (mean, deviation) = data.train.channel_statistics();
        let class_names = data.class_names.clone();
        Self { train: data.train.len(), test: data.test.len(), shape: data.train.shape(), class_names, mean, deviation }
    }
}

/// The configuration and environment of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Manifest {
    /// The version of this program.
    pub version: &'static str,
    /// The Git revision of the program, with `-dirty` if files differed; `unknown` outside a repository.
    pub revision: &'static str,
    /// The crates that determine results, with their numerics versions.
    pub numerics: String,
    /// Name of the preset or of its file.
    pub preset: String,
    /// The whole configuration, overrides included.
    pub config: Preset,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The data set's name: `MNIST`, `Fashion-MNIST`, or `images of FOLDER`.
    pub data_name: String,
    /// The folder of the data; `None` for MNIST.
    pub data_folder: Option<String>,
    /// SHA-256 of each data file.
    pub data: BTreeMap<String, String>,
    /// Sizes, classes and pixels of the data.
    pub images: Images,
    /// The device that ran the computations.
    pub device: String,
    /// The linear algebra implementation.
    pub linear_algebra: &'static str,
    /// Number of compute threads.
    pub threads: usize,
    /// The host.
    pub host: Host,
    /// The stages of the run, in order.
    pub stages: Vec<Stage>,
    /// Seconds from the last start of the run to its end. A stage completed before has its earlier duration, or zero.
    pub seconds: f64,
}

impl Manifest {
    /// The manifest of a completed run.
    #[must_use]
    pub(crate) fn new(preset: &str, config: &Preset, machine: &Machine, data: &Splits, clock: &Clock) -> Self {
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
            images: Images::of(data),
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
            images: ImagesNote { class_names: self.images.class_names.clone() },
        }
    }

    /// As indented JSON.
    ///
    /// # Errors
    /// Returns the error of the JSON serializer. The content itself cannot cause one.
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }
}

/// Measures the durations of the stages of a run.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    start: Instant,
    stages: Vec<Stage>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { start: Instant::now(), stages: Vec::new() }
    }
}

impl Clock {
    /// Records a stage that took this number of seconds.
    pub(crate) fn note(&mut self, stage: &str, seconds: f64) {
        self.stages.push(Stage { stage: stage.to_owned(), seconds });
    }

    /// Runs one stage and records its duration.
    pub(crate) fn time<R>(&mut self, stage: &str, work: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = work();
        self.note(stage, start.elapsed().as_secs_f64());
        result
    }
}
