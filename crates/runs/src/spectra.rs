//! The curvature of a trained model's loss, as rows of result files.

use crate::error::RunError;
use minima_autodiff::Model;
use minima_config::Run;
use minima_config::preset::Preset;
use minima_data::Dataset;
use minima_metrics::{Eigenvalue, MatrixSpectrum, SpectrumOptions, curvature_spectrum};
use minima_rng::Key;
use minima_rows::{CurvatureMatrix, CurvatureRow, SpectralDensityRow, SpectralQuantity};
use serde::{Deserialize, Serialize};

/// The standard error of a trace, as a share of it, up to which an estimate is not marked.
const EXACT_ENOUGH: f64 = 0.01;

/// The measured curvature of one model.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Spectra {
    /// Eigenvalues and traces.
    pub curvature: Vec<CurvatureRow>,
    /// The distributions of eigenvalues.
    pub densities: Vec<SpectralDensityRow>,
}

/// The spectra of a run's model on the first `spectrum_images` images of its training set, with its training labels. Empty if
/// `spectrum_images` is 0. Always computed on the CPU.
///
/// # Errors
/// Returns [`RunError::Metrics`] if the images do not fit the network, or a computed value is NaN or infinite.
pub fn spectra(run: &Run, model: &Model<f32>, preset: &Preset, train: &Dataset) -> Result<Spectra, RunError> {
    let mut found = Spectra::default();
    if preset.spectrum_images == 0 {
        return Ok(found);
    }
    let (images, labels) = train.take(preset.spectrum_images).all::<f32>();
    let options = SpectrumOptions { key: Key::new(run.seed), ..SpectrumOptions::default() };
    let spectrum = curvature_spectrum(model.graph(), model.params(), images.view(), &labels, &options)?;
    for (matrix, normalised, spectrum) in [
        (CurvatureMatrix::GaussNewton, false, &spectrum.gauss_newton),
        (CurvatureMatrix::Hessian, false, &spectrum.hessian),
        (CurvatureMatrix::GaussNewton, true, &spectrum.normalised_gauss_newton),
        (CurvatureMatrix::Hessian, true, &spectrum.normalised_hessian),
    ] {
        let row = |quantity, rank, Eigenvalue { value, residual, converged }| CurvatureRow {
            labels: run.labels.name().to_owned(),
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            images: labels.len() as u32,
            matrix,
            normalised,
            quantity,
            rank,
            value,
            residual,
            converged,
        };
        found.curvature.extend((1..).zip(&spectrum.largest).map(|(rank, e)| row(SpectralQuantity::Largest, rank, *e)));
        found.curvature.push(row(SpectralQuantity::Smallest, 1, spectrum.smallest));
        let (value, residual) = (spectrum.trace, spectrum.trace_standard_error);
        let trace = Eigenvalue { value, residual, converged: residual <= EXACT_ENOUGH * value.abs() };
        found.curvature.push(row(SpectralQuantity::Trace, 1, trace));
        found.densities.extend(density(run, matrix, normalised, spectrum));
    }
    Ok(found)
}

fn density<'a>(
    run: &'a Run,
    matrix: CurvatureMatrix,
    normalised: bool,
    spectrum: &'a MatrixSpectrum,
) -> impl Iterator<Item = SpectralDensityRow> + 'a {
    let order = spectrum.density.order as f64;
    (0..).zip(&spectrum.density.probes).flat_map(move |(probe, quadrature)| {
        quadrature.nodes.iter().zip(&quadrature.weights).map(move |(&eigenvalue, weight)| SpectralDensityRow {
            labels: run.labels.name().to_owned(),
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            matrix,
            normalised,
            probe,
            eigenvalue,
            count: weight * order,
        })
    })
}
