//! Curvature: the spectra of the loss's second derivatives.

use crate::MetricsError;
use crate::chunks::IMAGES_AT_ONCE;
use crate::filter_norms::filter_norms;
use crate::hessian_trace::{exact_traces, hessian_traces};
use crate::spectrum_options::SpectrumOptions;
use minima_autodiff::{Batch, Graph, Scalar};
use minima_curvature::{
    CurvatureError, Ggn, GgnVariant, Hessian, LanczosOptions, Objective, Quadrature, Rescaled, Ritz, SpectralDensity,
    SymmetricOperator, TraceEstimate, lanczos,
};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// A residual as a share of the largest eigenvalue. A Ritz value that represents several eigenvalues has a larger
/// residual: they are too close for a Lanczos process much shorter than the matrix's order.
const CONVERGED: f64 = 1e-6;
/// The residual, as a share of the eigenvalue itself, up to which the eigenvalue counts as converged.
const CLOSE: f64 = 1e-2;
/// An eigenvalue within this share of the largest may be multiple, such as the zeros of parameters without influence.
const MANIFOLD: f64 = 1e-3;

/// An estimate of an eigenvalue.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Eigenvalue {
    /// A Ritz value λ: the Rayleigh quotient of a vector y of length 1.
    pub value: f64,
    /// A bound on `‖A y − λ y‖` that includes the rounding of the products: the matrix has an eigenvalue within this
    /// distance of λ. The error of λ is of the order of the squared residual over the distance to the next eigenvalue.
    pub residual: f64,
    /// Whether the residual is at most 1 % of λ, or 10⁻⁶ of the largest eigenvalue found. Otherwise the error of λ may
    /// be as large as the residual.
    pub converged: bool,
}

/// The spectrum of one matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MatrixSpectrum {
    /// The largest eigenvalues, descending.
    pub largest: Vec<Eigenvalue>,
    /// The smallest eigenvalue. If it is negative, the loss decreases along its eigenvector.
    pub smallest: Eigenvalue,
    /// The distribution of all eigenvalues.
    pub density: SpectralDensity,
    /// The sum of all eigenvalues.
    pub trace: f64,
    /// The standard error of the trace if it is an estimate; 0 if it is exact.
    #[serde(default)]
    pub trace_standard_error: f64,
}

/// The curvature of the mean loss on some images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvatureSpectrum {
    /// The number of images.
    pub images: usize,
    /// The generalized Gauss-Newton matrix of the mean loss.
    pub gauss_newton: MatrixSpectrum,
    /// The Hessian of the mean loss.
    pub hessian: MatrixSpectrum,
    /// The Gauss-Newton matrix in units of the filters, [`filter_norms`].
    pub normalised_gauss_newton: MatrixSpectrum,
    /// The Hessian in units of the filters.
    pub normalised_hessian: MatrixSpectrum,
}

/// The spectra of the Gauss-Newton matrix and of the Hessian of the mean loss on images `(images, features)`: a measure
/// of sharpness from the second derivatives. It depends on the parametrization of a network (Dinh et al. 2017), so both
/// are also computed in units of the filters' norms.
///
/// Everything except the traces comes from the Lanczos process, started from a few random vectors. The Ritz value of
/// rank k from above is at most the eigenvalue of rank k (Cauchy's interlacing). The largest over several starts is
/// therefore the best, and likewise the smallest from below.
///
/// The trace of the Gauss-Newton matrix is exact: the sum of its diagonal. The trace of the Hessian depends on the
/// network:
///
/// - If the logits are affine in each single parameter between kinks
///   ([`Graph::is_affine_in_each_parameter`]: dense layers, convolutions, rectifiers, pooling), the Hessian has the same
///   diagonal as the Gauss-Newton matrix (Botev, Ritter & Barber 2017, section 3.2), and the traces are the same number.
/// - Otherwise it is exact for up to 4 096 parameters, from one product with the Hessian for each parameter.
/// - For more parameters it is an estimate with a standard error ([`trace_hutch_pp`](minima_curvature::trace_hutch_pp)
///   with `trace_products` products).
///
/// # Errors
/// Returns [`MetricsError`] if there are no images, if the images do not fit the network, if the number of labels is
/// wrong, if the number of probes or steps is zero, or if a computed value is NaN or infinite.
pub fn curvature_spectrum<T: Scalar>(
    graph: &Graph,
    params: &[T],
    images: ArrayView2<'_, T>,
    labels: &[usize],
    options: &SpectrumOptions,
) -> Result<CurvatureSpectrum, MetricsError> {
    let objective = if labels.len() > IMAGES_AT_ONCE {
        Objective::of_dataset(graph, params, images, labels, IMAGES_AT_ONCE)?
    } else {
        Objective::of_batch(graph, params, Batch::new(images, labels)?)?
    };
    let (gauss_newton, hessian) = (Ggn::new(&objective, GgnVariant::Mean)?, Hessian::new(&objective));
    let norms = filter_norms(graph, params)?;
    let of_gauss_newton = exact_traces(gauss_newton.diagonal()?.values(), &norms);
    let of_hessian =
        if graph.is_affine_in_each_parameter() { of_gauss_newton } else { hessian_traces(&hessian, &norms, options)? };
    let once = SpectrumOptions { probes: options.probes.min(1), ..*options };
    let normalised =
        |a: &dyn SymmetricOperator<T>, trace: TraceEstimate| spectrum(&Rescaled::new(a, norms.clone())?, &once, trace);
    Ok(CurvatureSpectrum {
        images: labels.len(),
        gauss_newton: spectrum(&gauss_newton, options, of_gauss_newton.plain)?,
        hessian: spectrum(&hessian, options, of_hessian.plain)?,
        normalised_gauss_newton: normalised(&gauss_newton, of_gauss_newton.in_filters)?,
        normalised_hessian: normalised(&hessian, of_hessian.in_filters)?,
    })
}

fn spectrum<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    options: &SpectrumOptions,
    trace: TraceEstimate,
) -> Result<MatrixSpectrum, CurvatureError> {
    let mut runs = Vec::with_capacity(options.probes);
    for (number, _) in (0..).zip(0..options.probes) {
        let options = LanczosOptions { steps: options.steps, key: options.key.fold_in(number) };
        let mut ritz = lanczos(a, &options)?.ritz()?;
        // The recurrence cannot represent residuals below rounding.
        let size = ritz.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        ritz.residuals.iter_mut().for_each(|residual| *residual = residual.max(size * T::epsilon().as_f64()));
        runs.push(ritz);
    }
    let of_rank = |rank: usize| {
        let known = |run: &Ritz| eigenvalue(run, run.values.len().checked_sub(rank + 1)?);
        runs.iter().filter_map(known).max_by(|a, b| a.value.total_cmp(&b.value))
    };
    let smallest = runs.iter().filter_map(|run| eigenvalue(run, 0)).min_by(|a, b| a.value.total_cmp(&b.value));
    let none = CurvatureError::Option { option: "probes", found: 0.0, expected: "at least 1" };
    let smallest = smallest.ok_or(none)?;
    let largest = (0..options.largest).map_while(of_rank).collect();
    let [order, _] = a.shape();
    let probes = runs.into_iter().map(|run| quadrature(run, order)).collect();
    let TraceEstimate { value: trace, standard_error: trace_standard_error } = trace;
    let density = SpectralDensity { order, probes };
    Ok(MatrixSpectrum { largest, smallest, density, trace, trace_standard_error })
}

/// The eigenvalue of a run at an index, from the smallest.
fn eigenvalue(run: &Ritz, place: usize) -> Option<Eigenvalue> {
    let value = *run.values.get(place)?;
    let residual = run.residuals.get(place)?.hypot(*run.rounding.get(place)?);
    let size = run.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    Some(Eigenvalue { value, residual, converged: residual <= (CLOSE * value.abs()).max(CONVERGED * size) })
}

/// Stochastic Lanczos quadrature with exact weights if they are known. A converged Ritz value represents exactly one
/// eigenvalue; the others share the remaining mass in proportion to their weights. In the complement of the converged
/// vectors, a random vector is as isotropic as in the whole space. The mean over probes is therefore unchanged, and
/// outliers no longer vary.
fn quadrature(run: Ritz, order: usize) -> Quadrature {
    let size = run.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let one = 1.0 / order as f64;
    let known = run.values.iter().zip(&run.residuals);
    let lone: Vec<bool> = known.map(|(x, r)| *r <= CONVERGED * size && x.abs() > MANIFOLD * size).collect();
    let of_others: f64 = run.weights.iter().zip(&lone).filter(|(_, lone)| !**lone).map(|(weight, _)| weight).sum();
    let left = 1.0 - one * lone.iter().filter(|lone| **lone).count() as f64;
    // If no other node can take the remaining mass, an eigenvalue near zero is multiple: the random weights are kept.
    if of_others == 0.0 && left > 0.5 * one {
        return Quadrature { nodes: run.values, weights: run.weights };
    }
    let weigh = |(weight, lone): (&f64, &bool)| if *lone { one } else { weight * left / of_others };
    let weights = run.weights.iter().zip(&lone).map(weigh).collect();
    Quadrature { nodes: run.values, weights }
}
