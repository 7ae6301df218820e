//! Checkpoints that say what they are: the network, its classes, the data and the training stand in the file.

use crate::checkpoint_error::CheckpointNoteError;
use crate::error::RunError;
use crate::job::Job;
use crate::torch_layout::{self, Layout};
use minima_autodiff::{Model, TensorFile};
use minima_config::preset::Preset;
use minima_config::{DataIdentity, NetworkChoice, Run};
use minima_data::{DataSource, Splits};
use minima_network::NetworkSpec;
use minima_store::bounded_file::{self, read_at_most};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The entry of a checkpoint's `__metadata__` that holds its [`Origin`], as JSON.
pub const METADATA: &str = "minima";

/// The largest number of class names in a checkpoint. More names would not fit a header.
const MOST_NAMES: usize = 4_096;

/// What a checkpoint is and how it was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The description of the network with its normalisation, in TOML. For a network that a program registered, its name and
    /// options.
    pub network: String,
    /// The names of the classes in the order of the logits; empty if there are too many for a header.
    pub class_names: Vec<String>,
    /// The data of the training. A network of another program does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataIdentity>,
    /// Where the data was read.
    pub source: Option<DataSource>,
    /// Everything that determines the weights but the length of the training, in TOML.
    pub training: String,
    /// The epochs of the training. A study's run does not say it, because a longer one has the same checkpoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
}

impl Origin {
    /// The origin of the run's checkpoints.
    ///
    /// # Errors
    /// Returns [`RunError::Network`] if the network does not fit the data, and the errors of [`Job::recipe`].
    pub fn of(preset: &Preset, run: &Run, data: &Splits) -> Result<Self, RunError> {
        let network = preset.network.record(data.train.shape(), data.train.classes())?;
        let recipe = Job::new(preset, run.clone())?.recipe(&data.hashes)?;
        let class_names = if data.class_names.len() > MOST_NAMES { Vec::new() } else { data.class_names.clone() };
        Ok(Self {
            network,
            class_names,
            data: Some(DataIdentity::of(data)),
            source: preset.data.clone(),
            training: recipe,
            epochs: None,
        })
    }

    /// The origin of the checkpoint at the end of this number of epochs.
    #[must_use]
    pub fn after(self, epochs: u32) -> Self {
        Self { epochs: Some(epochs), ..self }
    }

    /// The origin that a checkpoint holds. Returns `None` if it holds none, or if the file is not a checkpoint.
    ///
    /// # Errors
    /// Returns [`CheckpointNoteError::Note`] if the entry [`METADATA`] cannot be parsed.
    pub fn read(checkpoint: &Path) -> Result<Option<Self>, CheckpointNoteError> {
        let Ok(bytes) = read_at_most(checkpoint, bounded_file::CHECKPOINT) else { return Ok(None) };
        let Ok(file) = TensorFile::read(&bytes, checkpoint) else { return Ok(None) };
        let Some(note) = file.metadata().get(METADATA) else { return Ok(None) };
        let wrong = || CheckpointNoteError::Note { checkpoint: checkpoint.to_owned(), found: note.clone() };
        serde_json::from_str(note).map(Some).map_err(|_| wrong())
    }

    /// The network.
    ///
    /// # Errors
    /// Returns [`RunError::Network`] if the description is not valid, or the network is registered by another program.
    pub fn choice(&self, checkpoint: &Path) -> Result<NetworkChoice, RunError> {
        Ok(NetworkChoice::from_record(&self.network, &format!("{}: its network", checkpoint.display()))?)
    }

    /// The origin of a network that another program trained. `origin` says where it comes from, in TOML.
    #[must_use]
    pub fn elsewhere(network: &NetworkSpec, origin: String) -> Self {
        let (network, class_names) = (network.to_toml(), Vec::new());
        Self { network, class_names, data: None, source: None, training: origin, epochs: None }
    }

    /// Checks that the checkpoint was trained on this data, if it says so.
    ///
    /// # Errors
    /// Returns [`CheckpointNoteError::OtherData`] if it was trained on other data.
    pub fn check(&self, checkpoint: &Path, data: &Splits) -> Result<(), CheckpointNoteError> {
        match self.data.as_ref().and_then(|own| own.difference(&DataIdentity::of(data))) {
            None => Ok(()),
            Some(difference) => Err(CheckpointNoteError::OtherData {
                checkpoint: checkpoint.to_owned(),
                difference: Box::new(difference),
            }),
        }
    }
}

/// The bytes of a model's checkpoint with its origin.
///
/// # Errors
/// Returns [`RunError::Autodiff`] if the model cannot be written as safetensors, and [`RunError::Json`] if the origin cannot be
/// written as JSON.
pub fn bytes(model: &Model<f32>, origin: &Origin) -> Result<Vec<u8>, RunError> {
    let note = serde_json::to_string(origin)?;
    Ok(model.graph().to_safetensors_with_note(model.params(), METADATA, &note)?)
}

/// The model of a checkpoint for the images of this data. `origin` is what [`Origin::read`] found in the checkpoint. `network` is
/// the network of a checkpoint that does not name its own, and `layout` the layout of its tensors.
///
/// # Errors
/// - Returns [`RunError::CheckpointNote`] if the checkpoint does not name its network and `network` is `None`.
/// - Returns [`RunError::Network`] if the network does not fit the data.
/// - Returns [`RunError::Autodiff`] if the checkpoint cannot be read or does not fit the network.
pub fn load(
    checkpoint: &Path,
    origin: Option<&Origin>,
    network: Option<&NetworkChoice>,
    layout: Layout,
    data: &Splits,
) -> Result<Model<f32>, RunError> {
    let own = origin.map(|origin| origin.choice(checkpoint)).transpose()?;
    // Only a checkpoint of another program has another layout.
    let layout = if own.is_some() { Layout::Flax } else { layout };
    let Some(choice) = own.as_ref().or(network) else {
        // A file that cannot be read has a better error than a missing entry.
        std::fs::metadata(checkpoint).map_err(|source| RunError::Read { path: checkpoint.to_owned(), source })?;
        return Err(CheckpointNoteError::NoNetwork { checkpoint: checkpoint.to_owned() }.into());
    };
    let graph = choice.clone().for_data(&data.train)?.graph(&data.train)?;
    let params = match layout {
        Layout::Flax => graph.load(checkpoint)?,
        Layout::Torch => torch_layout::load(&graph, checkpoint)?,
    };
    Ok(Model::new(Arc::clone(&graph), params)?)
}
