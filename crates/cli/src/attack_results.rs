//! A results folder for `attack`. A stopped attack resumes at the first epsilon without a result.

use crate::attack_run::{AttackReport, Request, TransferReport};
use crate::checkpoints::Checkpoint;
use crate::recipe_folder::RecipeFolder;
use minima_attacks::Ball;
use minima_config::attack_catalogue::attack;
use minima_config::preset::PresetError;
use minima_config::seed;
use minima_data::Splits;
use minima_rows::{AttackRow, write_csv};
use minima_runs::machine::Machine;
use minima_runs::{RunError, numerics};
use minima_store::{FolderError, Unfinished};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Everything that determines the result of an attack.
#[derive(Serialize)]
struct Recipe<'a> {
    numerics: String,
    device: String,
    attack: &'a str,
    norm: String,
    epsilons: &'a [f64],
    steps: Option<usize>,
    step_size: Option<f64>,
    restarts: Option<usize>,
    seed: u64,
    images: usize,
    /// SHA-256 of the checkpoints: first the attacked checkpoint, then the targets of the transfer.
    checkpoints: Vec<String>,
    /// The paths of the targets, as they appear in the results.
    targets: Vec<String>,
    data_name: String,
    /// SHA-256 of the data files.
    data: Vec<&'a str>,
}

/// A results folder, locked against other runs.
pub(crate) struct AttackResults(RecipeFolder);

impl AttackResults {
    /// Claims a folder for an attack on these checkpoints with this number of images. With `fresh`, the folder's contents are
    /// moved aside and their new path is returned.
    ///
    /// # Errors
    /// Returns [`RunError`] if the request is invalid, the folder belongs to another attack, another run holds it, or a file
    /// cannot be read or written.
    pub(crate) fn open(
        out: &Path,
        fresh: bool,
        checkpoints: &[Checkpoint],
        machine: &Machine,
        data: &Splits,
        images: usize,
        request: &Request<'_>,
    ) -> Result<(Self, Option<PathBuf>), RunError> {
        // An invalid request must not create a folder.
        seed::check(request.options.seed.unwrap_or_default()).map_err(PresetError::from)?;
        attack(request.attack, request.norm, &request.options)?;
        for &epsilon in request.epsilons {
            Ball::new(request.norm, epsilon)?;
        }
        let recipe = Recipe {
            numerics: numerics::measurements(),
            device: machine.name(),
            attack: request.attack,
            norm: request.norm.to_string(),
            epsilons: request.epsilons,
            steps: request.options.steps,
            step_size: request.options.step_size,
            restarts: request.options.restarts,
            seed: request.options.seed.unwrap_or_default(),
            images,
            checkpoints: checkpoints.iter().map(Checkpoint::sha256).collect::<Result<_, FolderError>>()?,
            targets: checkpoints.iter().skip(1).map(|target| target.path.display().to_string()).collect(),
            data_name: data.name(),
            data: data.hashes.iter().map(|file| file.sha256.as_str()).collect(),
        };
        let (folder, moved) = RecipeFolder::claim(out, fresh, request.attack, &recipe)?;
        Ok((Self(folder), moved))
    }

    /// The cache of the results per epsilon.
    #[must_use]
    pub(crate) fn unfinished(&self) -> &Unfinished {
        self.0.unfinished()
    }

    /// Writes `attack.csv` and removes the cache.
    ///
    /// # Errors
    /// Returns [`RunError`] if a file cannot be written or removed.
    pub(crate) fn finish(self, rows: &[AttackRow]) -> Result<(), RunError> {
        write_csv(&self.0.join("attack.csv"), rows)?;
        self.0.finish()
    }
}

impl AttackReport {
    /// One row per epsilon.
    #[must_use]
    pub(crate) fn rows(&self) -> Vec<AttackRow> {
        let row = |found: &crate::attack_run::AttackAtEpsilon| AttackRow {
            attack: self.attack.clone(),
            norm: self.norm.to_string(),
            target: String::new(),
            epsilon: found.epsilon,
            images: self.images as u64,
            correct: self.correct as u64,
            both_correct: self.correct as u64,
            successes: found.successes as u64,
            robust_accuracy: Some(found.robust_accuracy),
        };
        self.results.iter().map(row).collect()
    }
}

impl TransferReport {
    /// One row per target and epsilon.
    #[must_use]
    pub(crate) fn rows(&self) -> Vec<AttackRow> {
        let row = |found: &crate::attack_run::TransferResult| AttackRow {
            attack: self.attack.clone(),
            norm: self.norm.to_string(),
            target: found.target.clone(),
            epsilon: found.epsilon,
            images: self.images as u64,
            correct: found.correct as u64,
            both_correct: found.both_correct as u64,
            successes: found.successes as u64,
            robust_accuracy: None,
        };
        self.results.iter().map(row).collect()
    }
}
