//! The figures, each drawn once for SVG and for PNG.
//!
//! A figure takes plain data and draws on a [`Canvas`]. The same data give the same bytes.

mod adversarial_pairs;
mod canvas;
mod font;
mod histogram;
mod input_gradient_norms;
mod legend;
mod logit_margins;
mod matched_paths;
mod panel;
mod raster;
mod robust_accuracy;
mod scaling;
mod series_style;
mod spectral_density;
mod time_to_accuracy;
mod training_curves;

pub use adversarial_pairs::AdversarialPairs;
pub use canvas::{Anchor, Canvas, Stroke, TextLook};
pub use histogram::Samples;
pub(crate) use histogram::count;
pub use input_gradient_norms::InputGradientNorms;
pub use logit_margins::LogitMargins;
pub use matched_paths::MatchedPaths;
pub(crate) use raster::encode_pixels;
pub use robust_accuracy::RobustAccuracy;
pub use scaling::Scaling;
pub use spectral_density::SpectralDensityFigure;
pub use time_to_accuracy::TimeToAccuracy;
pub use training_curves::TrainingCurves;

use std::path::{Path, PathBuf};

use plotters::prelude::{BitMapBackend, DrawingBackend, IntoDrawingArea, SVGBackend, WHITE};

use minima_store::{AtomicWriteError, write_atomically};

/// Number of drawn pixels per pixel of the PNG, in each direction.
const OVERSAMPLING: u32 = 2;

/// A figure could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The data are not valid for the figure.
    #[error("{figure}: found {found}, expected {expected}")]
    Data {
        /// The figure.
        figure: String,
        /// The given data.
        found: String,
        /// The expected data.
        expected: String,
    },
    /// Drawing failed.
    #[error("drawing failed: {0}")]
    Drawing(String),
    /// The embedded font cannot be loaded, because the build is broken.
    #[error("the embedded font {0} cannot be loaded")]
    Font(&'static str),
    /// The PNG could not be encoded.
    #[error("encoding a PNG failed: {0}")]
    Encoding(String),
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}

/// A figure that can be drawn.
pub trait Figure {
    /// The figure's file name without its extension.
    fn name(&self) -> &str;

    /// The figure's width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// Draws the figure on a white canvas of its size.
    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError>;
}

/// The figure as an SVG document.
pub fn svg<F: Figure>(figure: &F) -> Result<String, FigureError> {
    let (width, height) = figure.size();
    let drawn_size = (width * OVERSAMPLING, height * OVERSAMPLING);
    let mut document = String::new();
    draw_on(figure, SVGBackend::with_string(&mut document, drawn_size))?;
    let drawn = format!("width=\"{}\" height=\"{}\"", drawn_size.0, drawn_size.1);
    let shown = format!("width=\"{width}\" height=\"{height}\"");
    // The removed attributes are SVG's defaults. Without them a figure of pixels is half as long.
    Ok(canvas::align_svg_texts(&document)
        .replacen(&drawn, &shown, 1)
        .replace(" opacity=\"1\"", "")
        .replace(" stroke=\"none\"", ""))
}

/// The figure as a PNG file.
pub fn png<F: Figure>(figure: &F) -> Result<Vec<u8>, FigureError> {
    let (width, height) = figure.size();
    let drawn_size = (width * OVERSAMPLING, height * OVERSAMPLING);
    let mut pixels = vec![0; drawn_size.0 as usize * drawn_size.1 as usize * 3];
    draw_on(figure, BitMapBackend::with_buffer(&mut pixels, drawn_size))?;
    raster::encode_png(&raster::shrink(&pixels, drawn_size.0 as usize, OVERSAMPLING as usize), (width, height))
}

/// Writes the figure's SVG and PNG into `folder` atomically, and returns their paths.
pub fn write<F: Figure>(folder: &Path, figure: &F) -> Result<[PathBuf; 2], FigureError> {
    let paths = ["svg", "png"].map(|ending| folder.join(format!("{}.{ending}", figure.name())));
    let files = [svg(figure)?.into_bytes(), png(figure)?];
    for (path, bytes) in paths.iter().zip(&files) {
        write_atomically(path, bytes)?;
    }
    Ok(paths)
}

fn draw_on<F: Figure, DB: DrawingBackend>(figure: &F, backend: DB) -> Result<(), FigureError> {
    font::register()?;
    let drawing =
        |error: plotters::drawing::DrawingAreaErrorKind<DB::ErrorType>| FigureError::Drawing(error.to_string());
    let area = backend.into_drawing_area();
    area.fill(&WHITE).map_err(drawing)?;
    figure.draw(&Canvas::new(&area, f64::from(OVERSAMPLING)))?;
    area.present().map_err(drawing)
}
