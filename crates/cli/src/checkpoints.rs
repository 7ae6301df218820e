//! The checkpoints that a command works on, with the data of their training.

use crate::data_options::DataOptions;
use anyhow::Result;
use clap::Args;
use minima_autodiff::Model;
use minima_config::NetworkChoice;
use minima_data::Splits;
use minima_runs::checkpoint::{Origin, load};
use minima_runs::torch_layout::Layout;
use minima_runs::{CheckpointNoteError, RunError};
use std::path::{Path, PathBuf};

/// Options that say what a checkpoint does not say itself.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckpointOptions {
    /// The network of a checkpoint that does not name its own: a name of the zoo, or the file of a description
    #[arg(long, value_name = "NAME|FILE")]
    network: Option<String>,
    /// The names and the order of the tensors of such a checkpoint: flax or torch
    #[arg(long, value_name = "LAYOUT", default_value = "flax", requires = "network")]
    layout: Layout,
    #[command(flatten)]
    data: DataOptions,
    /// Accept a checkpoint that was trained on other data
    #[arg(long)]
    other_data: bool,
}

/// A checkpoint and its model.
pub(crate) struct Checkpoint {
    /// The file.
    pub path: PathBuf,
    /// The model.
    pub model: Model<f32>,
}

impl CheckpointOptions {
    /// Reads these checkpoints, and the data that the options or the first checkpoint name.
    pub(crate) fn open(&self, paths: &[&Path]) -> Result<(Splits, Vec<Checkpoint>)> {
        let origins: Vec<Option<Origin>> =
            paths.iter().map(|path| Origin::read(path).map_err(RunError::from)).collect::<Result<_, _>>()?;
        let first = origins.iter().flatten().find_map(|origin| origin.source.as_ref());
        if self.data.source(first).is_none()
            && let Some(path) = paths.first()
        {
            // A file that is not there has a better error.
            std::fs::metadata(path).map_err(|source| RunError::Read { path: path.to_path_buf(), source })?;
            return Err(CheckpointNoteError::NoData { checkpoint: path.to_path_buf() }.into());
        }
        let (_, data) = self.data.load(first)?;
        let network = self.network.as_deref().map(NetworkChoice::from_argument).transpose()?;
        let mut checkpoints = Vec::new();
        for (path, origin) in paths.iter().zip(&origins) {
            if let Some(origin) = origin.as_ref().filter(|_| !self.other_data) {
                origin.check(path, &data).map_err(RunError::from)?;
            }
            let model = load(path, origin.as_ref(), network.as_ref(), self.layout, &data)?;
            checkpoints.push(Checkpoint { path: path.to_path_buf(), model });
        }
        Ok((data, checkpoints))
    }
}
