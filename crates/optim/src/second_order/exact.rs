//! Second-order directions, solved exactly and in function space.
//!
//! Every curvature here is `C = U Uᵀ − v vᵀ` with `U = Jᵀ S`. The columns of S are factors of the logits' curvature,
//! each for one image; `v = U q` is present in the published Gauss-Newton matrix only. Let `M = Uᵀ U`, `μ = λ + δ`, and
//! let the gradient `g = ∇ℓ + δθ` include the weight decay's δθ, where θ holds the decayed parameters, and zeros in
//! place of the others. The direction `d = (μI + C)⁻¹ g` is `Jᵀ w + (δ/μ) θ`,
//! by two identities:
//! - push-through, `(μI + U Uᵀ)⁻¹ U = U (μI + M)⁻¹`, for `∇ℓ = U c` and for v;
//! - `(μI + U Uᵀ)⁻¹ x = (x − U (μI + M)⁻¹ Uᵀ x) / μ` for θ, and for ∇ℓ if it is not in the range of U.
//!
//! B is the total weight of the labels: the number of images, unless classes have weights.
//!
//! So `w = S z` with `(μI + M) z = c − (δ/μ) Uᵀθ`. For drawn targets, `w = r/(μB) + S z` with `(μI + M) z = −Uᵀg / μ`,
//! where Uᵀ∇ℓ is taken from the same rounded products as M. The outer product of the published matrix adds
//! `x · vᵀA₀⁻¹g / (1 − qᵀq + μ qᵀx)` to z, with `(μI + M) x = q` (Sherman-Morrison; `vᵀA₀⁻¹g = qᵀc − μ xᵀc + δ xᵀUᵀθ`).

use super::curvature::{Curvature, FisherKind};
use crate::OptimError;
use crate::error::enough;
use minima_autodiff::loss::Draw;
use minima_autodiff::softmax_cross_entropy::{diagonal_factors, residuals};
use minima_autodiff::{AutodiffError, Batch, Graph, Linearization, Scalar, SystemSize, WorkMatrix};
use minima_curvature::GgnVariant;
use minima_linalg::{Cholesky, LinalgError};
use ndarray::{Array1, Array2, Array3, ArrayView2, Axis, Slice, concatenate};

/// The damping and weight decay of a step's system.
#[derive(Clone, Copy, Debug)]
pub(super) struct Damping {
    /// The damping λ.
    pub damping: f64,
    /// The weight decay δ.
    pub weight_decay: f64,
}

impl Damping {
    /// `μ = λ + δ`.
    pub(super) fn total(self) -> f64 {
        self.damping + self.weight_decay
    }
}

/// The factors S with their coefficients. Column `k · images + i` is factor k of image i.
struct Factors {
    /// `(count, images, classes)`.
    s: Array3<f64>,
    /// The vector c with `∇ℓ = U c`. If it is `None`, the last factor of `s` is not a factor but `r/B`.
    gradient: Option<Array1<f64>>,
    /// The vector q.
    coupling: Option<Array1<f64>>,
}

/// The size of a step's system.
pub(super) fn system_size<T: Scalar>(curvature: Curvature, graph: &Graph, batch: &Batch<'_, T>) -> SystemSize {
    let size = |directions| graph.system_size::<T, f64>(batch.len(), directions);
    match curvature {
        Curvature::GaussNewton(GgnVariant::Coupled) => size(graph.classes()),
        Curvature::GaussNewton(GgnVariant::Sum | GgnVariant::Mean) | Curvature::Fisher(FisherKind::Exact) => {
            size(batch.loss().rank(graph.classes()))
        }
        Curvature::Fisher(FisherKind::Empirical) => size(1),
        Curvature::Fisher(FisherKind::Sampled { samples, .. }) => {
            // The system is a part of the Gram matrix that includes the gradient, and both are held.
            let order = (batch.len() as u64).saturating_mul(samples as u64);
            let system = order.saturating_mul(order).saturating_mul(size_of::<f64>() as u64);
            SystemSize { order, bytes: size(samples.saturating_add(1)).bytes.saturating_add(system) }
        }
    }
}

/// Computes `(μI + C)⁻¹ (∇ℓ + δθ)`, where θ holds the decayed parameters, and zeros in place of the others. `drawn`
/// holds the targets of a sampled Fisher matrix.
pub(super) fn direction<T: Scalar>(
    curvature: Curvature,
    at: &Linearization<'_, T>,
    decayed: &[T],
    batch: &Batch<'_, T>,
    drawn: Option<&[Vec<Draw>]>,
    damping: Damping,
) -> Result<Vec<T>, OptimError> {
    let factors = Factors::of(curvature, at, batch, drawn)?;
    let damping_and_decay = damping;
    let with = |damping| factors.cotangent(at, decayed, Damping { damping, ..damping_and_decay });
    let w = with(damping.damping).map_err(|error| match error {
        OptimError::Solve { damping, source, .. } => {
            OptimError::Solve { damping, source, enough: enough(damping, |damping| with(damping).is_ok()) }
        }
        other => other,
    })?;
    let mut direction = at.vjp(w.view())?;
    if damping.weight_decay != 0.0 {
        let share = T::from_f64(damping.weight_decay / damping.total());
        direction.iter_mut().zip(decayed).for_each(|(d, &p)| *d += share * p);
    }
    Ok(direction)
}

impl Factors {
    fn of<T: Scalar>(
        curvature: Curvature,
        at: &Linearization<'_, T>,
        batch: &Batch<'_, T>,
        drawn: Option<&[Vec<Draw>]>,
    ) -> Result<Self, AutodiffError> {
        let (loss, labels) = (batch.loss(), batch.labels());
        let of = loss.of::<f64>();
        // The factors are rounded to the network's precision for the Gram matrix.
        let predictions = of.predictions(at.logits().mapv(Scalar::as_f64).view());
        let p = of.bounded(predictions, T::min_positive_value().as_f64());
        let weight = loss.total_weight(labels);
        let root = match curvature {
            Curvature::GaussNewton(GgnVariant::Coupled) => {
                loss.must_be_plain_cross_entropy("the published Gauss-Newton matrix")?;
                return Ok(Self::published(p.view(), labels));
            }
            Curvature::GaussNewton(GgnVariant::Sum) => 1.0,
            Curvature::GaussNewton(GgnVariant::Mean) | Curvature::Fisher(FisherKind::Exact) => weight.sqrt().recip(),
            Curvature::Fisher(FisherKind::Empirical) => {
                let s = loss.residuals(p.view(), labels, 1.0).insert_axis(Axis(0)) / weight.sqrt();
                let gradient = Array1::from_elem(labels.len(), weight.sqrt().recip());
                return Ok(Self { s, gradient: Some(gradient), coupling: None });
            }
            Curvature::Fisher(FisherKind::Sampled { .. }) => {
                return Ok(Self::sampled(p.view(), batch, drawn.unwrap_or_default()));
            }
        };
        let coefficients = of.residual_in_factors(p.view(), labels)?;
        let gradient = Array1::from_iter(coefficients.into_iter().map(|c| c / (root * weight)));
        Ok(Self { s: of.factors(p.view(), labels) * root, gradient: Some(gradient), coupling: None })
    }

    /// `diag(p) = Σ_k (s_k e_k)(s_k e_k)ᵀ` with `s = √p`, and `p = Σ_k s_k (s_k e_k)`.
    fn published(p: ArrayView2<'_, f64>, labels: &[usize]) -> Self {
        let (images, classes) = p.dim();
        let roots = p.mapv(f64::sqrt);
        let residuals = residuals(p, labels);
        let by_class = |of: &dyn Fn(usize, usize) -> f64| -> Array1<f64> {
            (0..classes).flat_map(|k| (0..images).map(move |i| (i, k))).map(|(i, k)| of(i, k)).collect()
        };
        Self {
            s: diagonal_factors(roots.view()),
            gradient: Some(by_class(&|i, k| residuals[[i, k]] / (roots[[i, k]] * images as f64))),
            coupling: Some(by_class(&|i, k| roots[[i, k]])),
        }
    }

    /// The residuals of the drawn targets, followed by the residuals of the true labels.
    fn sampled<T>(p: ArrayView2<'_, f64>, batch: &Batch<'_, T>, drawn: &[Vec<Draw>]) -> Self {
        let (images, classes) = p.dim();
        let (loss, labels) = (batch.loss(), batch.labels());
        let weight = loss.total_weight(labels);
        let root = (weight * drawn.len() as f64).sqrt();
        let mut s = Array3::zeros((drawn.len() + 1, images, classes));
        for (mut to, draws) in s.outer_iter_mut().zip(drawn) {
            to.assign(&(loss.drawn_residuals(p, labels, draws, 1.0) / root));
        }
        s.index_axis_mut(Axis(0), drawn.len()).assign(&(loss.residuals(p, labels, 1.0) / weight));
        Self { s, gradient: None, coupling: None }
    }

    /// Computes the cotangent w.
    fn cotangent<T: Scalar>(
        &self,
        at: &Linearization<'_, T>,
        decayed: &[T],
        damping: Damping,
    ) -> Result<Array2<T>, OptimError> {
        let (mu, delta) = (damping.total(), damping.weight_decay);
        let (_, images, classes) = self.s.dim();
        let gram: WorkMatrix<f64> = at.gram_as(self.s.mapv(T::from_f64).view())?;
        // Products of ∇ℓ with U: ∇ℓ is the sum of the last rows.
        let order = gram.nrows() - if self.gradient.is_some() { 0 } else { images };
        let leading = |of: ArrayView2<'_, f64>| of.slice_axis(Axis(1), Slice::from(..order)).to_owned();
        let of_gradient = leading(gram.slice_axis(Axis(0), Slice::from(order..))).sum_axis(Axis(0));
        let decay = if delta == 0.0 { None } else { Some(self.transposed_times(at, decayed, order)? * delta) };

        let mut right = match &self.gradient {
            Some(c) => c * mu,
            None => -of_gradient,
        };
        if let Some(decay) = &decay {
            right -= decay;
        }
        right /= mu;
        let mut sides = right.insert_axis(Axis(1));
        if let Some(q) = &self.coupling {
            sides = concatenate![Axis(1), sides, q.view().insert_axis(Axis(1))];
        }
        let mut system = match &self.gradient {
            Some(_) => gram.into_inner(),
            None => leading(gram.slice_axis(Axis(0), Slice::from(..order))),
        };
        system.diag_mut().mapv_inplace(|d| d + mu);
        let failed = |source| OptimError::Solve { damping: damping.damping, source, enough: None };
        let factored = Cholesky::factor(system).map_err(failed)?;
        let solved = factored.solve(sides.view()).map_err(failed)?;
        drop(WorkMatrix::adopt(factored.into_factor()));

        let mut z = solved.column(0).to_owned();
        if let (Some(q), Some(c)) = (&self.coupling, &self.gradient) {
            let x = solved.column(1);
            let along = q.dot(c) - mu * x.dot(c) + decay.map_or(0.0, |decay| x.dot(&decay));
            let remaining = 1.0 - q.dot(q) + mu * q.dot(&x);
            LinalgError::check_update(remaining, 1.0 + q.dot(q), f64::EPSILON).map_err(failed)?;
            z.scaled_add(along / remaining, &x);
        }
        let mut w = match &self.gradient {
            Some(_) => Array2::zeros((images, classes)),
            None => self.s.index_axis(Axis(0), order / images).to_owned() / mu,
        };
        for (s, z) in self.s.outer_iter().zip(z.exact_chunks(images)) {
            w += &(&s * &z.insert_axis(Axis(1)));
        }
        Ok(w.mapv(T::from_f64))
    }

    /// The first `order` entries of `Uᵀ v`, for a parameter vector v.
    fn transposed_times<T: Scalar>(
        &self,
        at: &Linearization<'_, T>,
        v: &[T],
        order: usize,
    ) -> Result<Array1<f64>, AutodiffError> {
        let tangents = at.jvp(Some(v), None)?.mapv(Scalar::as_f64);
        let factors = self.s.slice_axis(Axis(0), Slice::from(..order / tangents.nrows().max(1)));
        Ok(factors.outer_iter().flat_map(|s| (&s * &tangents).sum_axis(Axis(1))).collect())
    }
}
