//! What an ONNX file does not say itself.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use minima_onnx::{AxisOrder, ImportOptions, Imported, import};
use std::path::Path;

/// Options that say how an ONNX model takes images.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct OnnxOptions {
    /// The order of the axes of an ONNX model's input: nchw or nhwc [default: nchw]
    #[arg(long, value_name = "ORDER")]
    input: Option<AxisOrder>,
    /// The range of pixels that an ONNX model takes. Attacks stay in pixels from 0 to 1 [default: 0..1]
    #[arg(long, value_enum, value_name = "RANGE")]
    scale: Option<Range>,
    /// Means of the channels that an ONNX model wants to be subtracted from pixels in its range, such as 0.485,0.456,0.406. They
    /// become constants within the network
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS", allow_negative_numbers = true)]
    mean: Vec<f64>,
    /// Standard deviations of the channels by which it wants the differences to be divided
    #[arg(long = "std", value_delimiter = ',', value_name = "NUMBERS")]
    deviation: Vec<f64>,
}

/// A range of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Range {
    /// From 0 to 1.
    #[value(name = "0..1")]
    Unit,
    /// From 0 to 255.
    #[value(name = "0..255")]
    Bytes,
}

/// Whether a file is an ONNX model, by its name.
pub(crate) fn is_onnx(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("onnx"))
}

impl OnnxOptions {
    /// Whether any of the options was given.
    fn is_given(&self) -> bool {
        self.input.is_some() || self.scale.is_some() || !self.mean.is_empty() || !self.deviation.is_empty()
    }

    /// Fails if options for ONNX models were given, and none of the files is one.
    pub(crate) fn check(&self, paths: &[&Path]) -> Result<()> {
        if self.is_given() && !paths.iter().any(|path| is_onnx(path)) {
            bail!("found --input, --scale, --mean or --std without an ONNX file; expected a file that ends in .onnx");
        }
        Ok(())
    }

    /// The order of the axes of an image.
    pub(crate) fn order(&self) -> AxisOrder {
        self.input.unwrap_or_default()
    }

    /// The network of an ONNX file for images of this shape. Prints what was changed.
    pub(crate) fn import(&self, path: &Path, image: Option<[usize; 3]>) -> Result<Imported> {
        let options = ImportOptions {
            order: self.order(),
            image,
            bytes: self.scale == Some(Range::Bytes),
            mean: self.mean.clone(),
            deviation: self.deviation.clone(),
        };
        let imported = import(path, &options)?;
        for note in &imported.notes {
            tell!("{}: {note}", path.display());
        }
        Ok(imported)
    }
}
