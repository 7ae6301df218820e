//! The results folder of a planned sweep.

use anyhow::Result;
use clap::Args;
use minima_sweep::{Plan, sweep_folder};
use std::path::{Path, PathBuf};

/// The results folder of a planned sweep.
#[derive(Debug, Args)]
pub(super) struct Planned {
    /// The results folder, as given to `sweep plan --out`
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Planned {
    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Opens the plan.
    pub(super) fn plan(&self) -> Result<Plan> {
        Ok(Plan::open(&sweep_folder(&self.folder))?)
    }
}
