//! What the jobs of a plan have in common.

use crate::error::StudyError;
use crate::options::StudyOptions;
use crate::study::Study;
use minima_autodiff::Graph;
use minima_config::Grid;
use minima_config::preset::Preset;
use minima_rows::Claim;
use minima_runs::machine::{Choice, Machine};
use minima_runs::{RunError, numerics};
use minima_sweep::shard_name;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the jobs of a plan have in common, in `plan.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The versions of the crates that compute the numbers.
    pub numerics: String,
    /// The linear algebra implementation.
    pub linear_algebra: String,
    /// The device that trains the models.
    pub device: Device,
    /// The preset, as TOML.
    pub preset: String,
    /// The preset's optimizers to run; all if empty.
    pub optimizers: Vec<String>,
    /// What is planned.
    pub content: Content,
}

/// The kind of device that trains the models of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// The CPU.
    Cpu,
    /// The first NVIDIA GPU of the host.
    Cuda,
}

/// What is planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Every run of the preset at every point of a grid.
    Grid(Grid),
    /// Studies, with the values that they vary.
    Studies {
        /// The studies.
        studies: Vec<PlannedStudy>,
        /// The values that they vary.
        lists: StudyLists,
    },
}

/// A study of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStudy {
    /// The study's name.
    pub study: String,
    /// Its seeds.
    pub seeds: Vec<u64>,
}

/// The values that the studies vary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyLists {
    /// `poison`: shares of wrong labels.
    pub rates: Vec<f64>,
    /// `damping`: learning rates.
    pub learning_rates: Vec<f64>,
    /// `damping`: dampings.
    pub dampings: Vec<f64>,
    /// `precision`: curvature matrices.
    pub variants: Vec<String>,
    /// `precision`: arithmetics.
    pub arithmetics: Vec<String>,
}

impl Settings {
    /// The settings of a grid over this preset.
    ///
    /// # Errors
    /// Returns [`StudyError::Run`] if the preset cannot be written as TOML.
    pub fn of_grid(preset: &Preset, grid: Grid, optimizers: Vec<String>, device: Device) -> Result<Self, StudyError> {
        for name in &optimizers {
            preset.optimizer(name)?;
        }
        Self::new(preset, optimizers, device, Content::Grid(grid))
    }

    /// The settings of studies with these options, each with its seeds.
    ///
    /// # Errors
    /// Returns [`StudyError::Run`] if the preset cannot be written as TOML, and the errors of [`StudyOptions::check`].
    pub fn of_studies(
        options: &StudyOptions,
        studies: &[(Study, Vec<u64>)],
        device: Device,
    ) -> Result<Self, StudyError> {
        options.check()?;
        let StudyOptions { rates, learning_rates, dampings, variants, arithmetics, .. } = options.clone();
        let lists = StudyLists { rates, learning_rates, dampings, variants, arithmetics };
        let planned =
            |(study, seeds): &(Study, Vec<u64>)| PlannedStudy { study: study.name().to_owned(), seeds: seeds.clone() };
        let studies = studies.iter().map(planned).collect();
        Self::new(&options.preset, options.optimizers.clone(), device, Content::Studies { studies, lists })
    }

    fn new(preset: &Preset, optimizers: Vec<String>, device: Device, content: Content) -> Result<Self, StudyError> {
        Ok(Self {
            numerics: numerics::measurements(),
            linear_algebra: minima_linalg::BACKEND.to_owned(),
            device,
            preset: preset.to_toml()?,
            optimizers,
            content,
        })
    }

    /// Reads the settings of a plan.
    ///
    /// # Errors
    /// Returns [`StudyError::Settings`] if they cannot be read, or the plan was made by a program with other numbers.
    pub fn read(settings: &serde_json::Value) -> Result<Self, StudyError> {
        let wrong = |what, found: String, expected: String| StudyError::Settings { what, found, expected };
        let read: Self = serde_json::from_value(settings.clone())
            .map_err(|error| wrong("settings", error.to_string(), "the settings of a sweep".to_owned()))?;
        for (what, found, expected) in [
            ("numerics", &read.numerics, numerics::measurements()),
            ("linear_algebra", &read.linear_algebra, minima_linalg::BACKEND.to_owned()),
        ] {
            if *found != expected {
                return Err(wrong(what, found.clone(), format!("{expected}, those of this program")));
            }
        }
        Ok(read)
    }

    /// As JSON.
    ///
    /// # Errors
    /// Returns [`StudyError::Settings`] if a number is NaN or infinite, which [`StudyOptions::check`] rules out.
    pub fn to_json(&self) -> Result<serde_json::Value, StudyError> {
        let failed = |error: serde_json::Error| StudyError::Settings {
            what: "settings",
            found: error.to_string(),
            expected: "finite numbers".to_owned(),
        };
        serde_json::to_value(self).map_err(failed)
    }

    /// The preset.
    ///
    /// # Errors
    /// Returns [`StudyError::Run`] if the text is not a preset.
    pub fn preset(&self) -> Result<Preset, StudyError> {
        self.preset_at(&[])
    }

    /// The preset with changes.
    pub(super) fn preset_at(&self, changes: &[String]) -> Result<Preset, StudyError> {
        Ok(Preset::from_text(&self.preset, "the preset of plan.json", changes)?)
    }

    /// The studies of the plan with their options; none for a grid.
    ///
    /// # Errors
    /// Returns [`StudyError::Name`] if a study is unknown, and [`StudyError::Run`] if the preset is not valid.
    pub fn studies(&self, claims: &'static [Claim], threads: usize) -> Result<Vec<(Study, StudyOptions)>, StudyError> {
        let Content::Studies { studies, lists } = &self.content else { return Ok(Vec::new()) };
        let preset = self.preset()?;
        let mut found = Vec::new();
        for PlannedStudy { study, seeds } in studies {
            let StudyLists { rates, learning_rates, dampings, variants, arithmetics } = lists.clone();
            let options = StudyOptions {
                preset: preset.clone().with_seeds(seeds.clone())?,
                optimizers: self.optimizers.clone(),
                rates,
                learning_rates,
                dampings,
                variants,
                arithmetics,
                claims,
                threads,
            };
            found.push((Study::named(study)?, options));
        }
        Ok(found)
    }

    /// The folder of the public run of a job. Studies share their runs; runs of a grid are kept in groups.
    pub(super) fn runs_folder(&self, results: &Path, number: u64) -> PathBuf {
        match self.content {
            Content::Grid(_) => results.join("runs").join(shard_name(number)),
            Content::Studies { .. } => results.join("studies/runs"),
        }
    }

    /// Whether an optimizer of the preset is run.
    pub(super) fn runs(&self, optimizer: &str) -> bool {
        self.optimizers.is_empty() || self.optimizers.iter().any(|own| own == optimizer)
    }
}

impl Device {
    /// The device of this host for a network.
    ///
    /// # Errors
    /// Returns [`RunError::Cuda`] if the GPU or its libraries are missing, or operations of the network have no kernels.
    pub fn machine(self, graph: &Arc<Graph>) -> Result<Machine, RunError> {
        match self {
            Self::Cpu => Ok(Machine::Processor),
            Self::Cuda => Machine::choose(Choice::Cuda, graph, &mut |_| ()),
        }
    }

    /// The name in the plan.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}
