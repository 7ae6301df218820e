//! The errors of a run.

use minima_attacks::AttackError;
use minima_autodiff::AutodiffError;
use minima_data::DataError;
use minima_metrics::MetricsError;
use minima_optim::OptimError;
use std::fmt;
use std::path::PathBuf;

/// The remedy for an invalid state.
const BEGIN_ANEW: &str = " (--fresh starts from the beginning and moves the existing results aside)";

/// A run could not be trained, attacked, measured or stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The preset cannot be read or is invalid.
    #[error(transparent)]
    Preset(#[from] minima_config::preset::PresetError),
    /// The data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A network or a checkpoint is invalid.
    #[error(transparent)]
    Autodiff(#[from] AutodiffError),
    /// A step of a run failed.
    #[error("{run}, epoch {epoch}, step {step}: {source}")]
    Step {
        /// The run.
        run: String,
        /// The epoch, from 1.
        epoch: u32,
        /// The step within it, from 1.
        step: usize,
        /// The optimizer's error.
        source: Box<OptimError>,
    },
    /// A run's loss has exploded.
    #[error(
        "{run}, epoch {epoch}, step {step}: the loss is {loss}{}; expected a number below a million (a smaller learning rate may help)",
        OfImages(batch)
    )]
    Diverged {
        /// The run.
        run: String,
        /// The epoch, from 1.
        epoch: u32,
        /// The step within it, from 1.
        step: usize,
        /// The loss.
        loss: f64,
        /// The images of the step's batch, by their indices in the training set; empty on a device.
        batch: Vec<u32>,
    },
    /// A run is stopped on request, and its state is saved.
    #[error("{run}: stopped in epoch {epoch} after {step} steps, its state is saved")]
    Interrupted {
        /// The run.
        run: String,
        /// The epoch, from 1.
        epoch: u32,
        /// The steps taken in the epoch.
        step: usize,
    },
    /// A folder holds another experiment, or another run is writing to it.
    #[error(transparent)]
    Folder(#[from] minima_store::FolderError),
    /// A sealed file cannot be used.
    #[error(transparent)]
    Seal(#[from] minima_store::SealError),
    /// The state of a run cannot be saved, or the run cannot resume from it.
    #[error("{0}{hint}", hint = if .0.is_spoilt() { BEGIN_ANEW } else { "" })]
    State(#[from] crate::training::StateError),
    /// A network or an image cannot be verified.
    #[error(transparent)]
    Verify(#[from] minima_verify::VerifyError),
    /// A certificate cannot be read or written, or is refused.
    #[error(transparent)]
    Certificate(#[from] minima_certificate::CertificateError),
    /// A certificate is about another image or label.
    #[error("{}: found {found}, expected {expected}", file.display())]
    CertificateClaim {
        /// The file.
        file: PathBuf,
        /// What it is about.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// Interval or linear bounds of a network cannot be trained.
    #[error("training.adversarial of the kind ibp or crown-ibp: {0}")]
    IntervalNetwork(#[from] minima_verify::IntervalNetworkError),
    /// An optimizer failed outside a run.
    #[error(transparent)]
    Optim(#[from] OptimError),
    /// A GPU is missing or failed.
    #[error(transparent)]
    Cuda(#[from] minima_cuda::CudaError),
    /// An attack failed.
    #[error(transparent)]
    Attack(#[from] AttackError),
    /// A measurement failed.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A result file cannot be written or read.
    #[error(transparent)]
    Record(#[from] minima_rows::RecordError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] minima_store::AtomicWriteError),
    /// A checkpoint was trained on other data, or does not name its network.
    #[error(transparent)]
    CheckpointNote(#[from] crate::checkpoint_error::CheckpointNoteError),
    /// A checkpoint does not hold the network's parameters in PyTorch's layout.
    #[error(transparent)]
    TorchLayout(#[from] crate::torch_layout::TorchLayoutError),
    /// The network cannot be read, or does not fit the data.
    #[error(transparent)]
    Network(Box<minima_config::NetworkChoiceError>),
    /// The checkpoint that a training starts from is another file than when the experiment was written.
    #[error("{}: found SHA-256 {found}, expected {expected}, the one of the key training.start", path.display())]
    OtherStart {
        /// The checkpoint.
        path: PathBuf,
        /// Its SHA-256.
        found: String,
        /// The SHA-256 in the experiment.
        expected: String,
    },
    /// A run cannot be described as TOML.
    #[error("{run}: the settings cannot be written as TOML: {message}")]
    Recipe {
        /// The run.
        run: String,
        /// The serialiser's error.
        message: String,
    },
    /// A file of a stored run cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// A required run is not trained.
    #[error("{run}: the run is not trained (its training may have failed)")]
    NotTrained {
        /// The run.
        run: String,
    },
    /// The manifest cannot be written as JSON.
    #[error("manifest.json: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<minima_config::NetworkChoiceError> for RunError {
    fn from(error: minima_config::NetworkChoiceError) -> Self {
        Self::Network(Box::new(error))
    }
}

/// Displays as " on the images 3, 1, 4, … (128 in all)", or as nothing if the list is empty.
struct OfImages<'a>(&'a [u32]);

impl fmt::Display for OfImages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(images) = self;
        if images.is_empty() {
            return Ok(());
        }
        let first: Vec<String> = images.iter().take(3).map(u32::to_string).collect();
        let more = if images.len() > first.len() { ", …" } else { "" };
        write!(f, " on the images {}{more} ({} in all)", first.join(", "), images.len())
    }
}
