//! `cargo xtask network import` and `export`: networks from and to ONNX files.

use crate::onnx_options::OnnxOptions;
use anyhow::{Result, bail};
use clap::Args;
use minima_autodiff::Model;
use minima_config::NetworkChoice;
use minima_onnx::export;
use minima_runs::RunError;
use minima_runs::checkpoint::{Origin, bytes};
use minima_store::bounded_file::read_at_most;
use minima_store::{sha256, write_atomically};
use std::path::PathBuf;
use std::sync::Arc;

/// The largest ONNX file, in bytes.
const LARGEST: u64 = 1 << 31;

/// Read an ONNX file and write its network and parameters as a checkpoint
///
/// The checkpoint names its network, so `attack`, `evaluate` and `network export` need no other flag than --data.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: cargo xtask network import resnet18.onnx --mean 0.5 --std 0.25 --out resnet18.safetensors"
)]
pub(crate) struct Import {
    /// The ONNX file
    model: PathBuf,
    /// The checkpoint to write, a safetensors file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Height, width and channels of the images, if the model leaves them free or takes a vector
    #[arg(long, value_delimiter = ',', value_name = "H,W,C")]
    image: Vec<usize>,
    #[command(flatten)]
    onnx: OnnxOptions,
}

impl Import {
    pub(crate) fn run(&self) -> Result<()> {
        let image = match self.image[..] {
            [] => None,
            [height, width, channels] => Some([height, width, channels]),
            _ => bail!("--image has {} numbers; expected height, width and channels", self.image.len()),
        };
        let imported = self.onnx.import(&self.model, image)?;
        let read = read_at_most(&self.model, LARGEST);
        let hash = sha256(&read.map_err(|source| RunError::Read { path: self.model.clone(), source })?);
        let file = self.model.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let origin = format!("onnx = {}\nsha256 = \"{hash}\"\n", toml::Value::String(file));
        let origin = Origin::elsewhere(&imported.network, origin);
        write_atomically(&self.out, &bytes(&imported.model()?, &origin)?)?;
        let (input, classes) = (imported.network.input(), imported.network.classes());
        say!("{}: images {input:?} in {classes} classes, {} parameters", self.out.display(), imported.params.len());
        Ok(())
    }
}

/// Write the network and the parameters of a checkpoint as an ONNX file
///
/// The file has the input `images`, (batch, channels, height, width) with pixels from 0 to 1, and the output `logits`.
#[derive(Debug, Args)]
#[command(after_help = "Example: cargo xtask network export mine.safetensors --out mine.onnx")]
pub(crate) struct Export {
    /// The checkpoint
    weights: PathBuf,
    /// The ONNX file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The network of a checkpoint that does not name its own: the file of a description
    #[arg(long, value_name = "NAME|FILE")]
    network: Option<String>,
}

impl Export {
    pub(crate) fn run(&self) -> Result<()> {
        let own = Origin::read(&self.weights).map_err(RunError::from)?;
        let choice = match (own, &self.network) {
            (Some(origin), _) => origin.choice(&self.weights)?,
            (None, Some(network)) => NetworkChoice::from_argument(network)?,
            (None, None) => bail!("{}: the file does not name its network; --network gives it", self.weights.display()),
        };
        let spec = choice.own_spec()?;
        let graph = Arc::new(spec.graph()?);
        let model = Model::new(Arc::clone(&graph), graph.load::<f32>(&self.weights)?)?;
        let file = export(&graph, model.params(), &spec.name())?;
        write_atomically(&self.out, &file)?;
        say!("{}: {} bytes", self.out.display(), file.len());
        Ok(())
    }
}
