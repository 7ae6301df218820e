//! A [`Figure`], and its SVG and PNG files.

use super::canvas::{self, Canvas};
use super::error::FigureError;
use super::{font, raster};
use crate::own_optimizer::OwnOptimizer;
use minima_store::write_atomically;
use plotters::prelude::{BitMapBackend, DrawingBackend, IntoDrawingArea, SVGBackend, WHITE};
use std::path::{Path, PathBuf};

/// Number of drawn pixels per pixel of the PNG, in each direction.
const OVERSAMPLING: u32 = 2;

/// A figure that can be drawn.
pub trait Figure {
    /// The figure's file name without its extension.
    fn name(&self) -> &str;

    /// The figure's width and height in pixels.
    fn size(&self) -> (u32, u32);

    /// The optimizers that bring their appearance.
    fn optimizers(&self) -> &[OwnOptimizer] {
        &[]
    }

    /// Draws the figure on a white canvas of its size.
    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError>;
}

/// A figure with optimizers that bring their appearance.
#[derive(Clone, Copy, Debug)]
pub struct WithOptimizers<'a, F> {
    /// The figure.
    pub figure: &'a F,
    /// The optimizers.
    pub optimizers: &'a [OwnOptimizer],
}

impl<F: Figure> Figure for WithOptimizers<'_, F> {
    fn name(&self) -> &str {
        self.figure.name()
    }

    fn size(&self) -> (u32, u32) {
        self.figure.size()
    }

    fn optimizers(&self) -> &[OwnOptimizer] {
        self.optimizers
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &Canvas<'_, DB>) -> Result<(), FigureError> {
        self.figure.draw(canvas)
    }
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
    figure.draw(&Canvas::new(&area, f64::from(OVERSAMPLING)).with_optimizers(figure.optimizers()))?;
    area.present().map_err(drawing)
}
