//! The checkpoints that a command works on, with the data of their training.

use crate::data_options::DataOptions;
use crate::logit_check::check_logits;
use crate::onnx_options::{OnnxOptions, is_onnx};
use anyhow::{Result, bail};
use clap::Args;
use minima_autodiff::Model;
use minima_config::NetworkChoice;
use minima_data::{Splits, sha256};
use minima_onnx::AxisOrder;
use minima_runs::checkpoint::{Origin, load};
use minima_runs::torch_layout::Layout;
use minima_runs::{CheckpointNoteError, RunError};
use minima_store::FolderError;
use minima_store::bounded_file::{self, read_at_most};
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
    onnx: OnnxOptions,
    /// Check the logits of the first model first, against a NumPy file of another program with a row of logits for each of the
    /// first test images
    #[arg(long, value_name = "FILE")]
    logits: Option<PathBuf>,
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
    /// For an ONNX model: the SHA-256 of its network and its parameters, which follow from several files and options.
    pub identity: Option<String>,
}

impl Checkpoint {
    /// The SHA-256 of what determines the model.
    pub(crate) fn sha256(&self) -> Result<String, FolderError> {
        if let Some(identity) = &self.identity {
            return Ok(identity.clone());
        }
        let failed = |source| FolderError::System { path: self.path.clone(), step: "reading the checkpoint", source };
        Ok(sha256(&read_at_most(&self.path, bounded_file::CHECKPOINT).map_err(failed)?))
    }
}

impl CheckpointOptions {
    /// Reads these checkpoints, and the data that the options or the first checkpoint name.
    pub(crate) fn open(&self, paths: &[&Path]) -> Result<(Splits, Vec<Checkpoint>)> {
        self.onnx.check(paths)?;
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
            let (model, identity) = if is_onnx(path) {
                let (model, identity) = self.import(path, &data)?;
                (model, Some(identity))
            } else {
                (load(path, origin.as_ref(), network.as_ref(), self.layout, &data)?, None)
            };
            checkpoints.push(Checkpoint { path: path.to_path_buf(), model, identity });
        }
        if let (Some(file), Some(first)) = (&self.logits, checkpoints.first()) {
            check_logits(&first.path, &first.model, &data.test, file)?;
        }
        Ok((data, checkpoints))
    }

    /// The model of an ONNX file without data, and the order of its input's axes.
    pub(crate) fn onnx_model(&self, path: &Path) -> Result<(Model<f32>, AxisOrder)> {
        if !is_onnx(path) {
            bail!("found {}, expected an ONNX file (`network export` writes one of a checkpoint)", path.display());
        }
        Ok((self.onnx.import(path, None)?.model()?, self.onnx.order()))
    }

    /// The model of an ONNX file for this data, and what determines it.
    fn import(&self, path: &Path, data: &Splits) -> Result<(Model<f32>, String)> {
        let imported = self.onnx.import(path, Some(data.train.shape()))?;
        NetworkChoice::described(imported.network.clone()).spec(data.train.shape(), data.train.classes())?;
        let mut bytes = imported.network.to_toml().into_bytes();
        bytes.extend(imported.params.iter().flat_map(|p| p.to_le_bytes()));
        Ok((imported.model()?, sha256(&bytes)))
    }
}
