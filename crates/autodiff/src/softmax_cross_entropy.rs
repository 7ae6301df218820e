//! Softmax cross-entropy, its gradient and its curvature with respect to the logits.
//!
//! For logits `a` and label `y` of one image, with `p = softmax(a)`:
//! - loss: `ℓ = log Σ_c exp(a_c) − a_y`
//! - gradient: `r = p − onehot(y)`
//! - Hessian: `H = diag(p) − p pᵀ`, of rank C − 1. With `s = √p`, a unit vector, and `q` an orthonormal basis of the
//!   complement of `s`: `H = Σ_k c_k c_kᵀ`, `c_k = s ∘ q_k`.
//!
//! A fitted image has `p_y ≈ 1`, and `p_y − 1` rounds to 0 once the label's logit is 17 (`f32`) or 37 (`f64`) above the
//! others. Nothing here subtracts numbers that nearly cancel. With `t` the class of the largest logit:
//! - the loss is `(a_t − a_y) + ln(1 + Σ_{c≠t} exp(a_c − a_t))`, by `ln_1p`;
//! - the gradient's entry of the label is `−Σ_{c≠y} p_c`;
//! - a Hessian product uses that `H` maps constants to 0: `H v = p ∘ (d − Σ_c p_c d_c)` with `d = v − v_t`.
//!
//! Each number is then as precise as the probabilities, however well an image is fitted.

pub use crate::labels::check_labels;

use crate::{AutodiffError, Scalar};
use minima_faults::{Fault, planted};
use ndarray::{Array2, Array3, ArrayView1, ArrayView2, Zip};

/// Writes `softmax(logits)` into `out`.
pub fn softmax_into<T: Scalar>(logits: &[T], out: &mut [T]) {
    let max = logits.iter().copied().fold(T::neg_infinity(), T::max);
    for (p, &a) in out.iter_mut().zip(logits) {
        *p = (a - max).exp();
    }
    let sum: T = out.iter().copied().sum();
    for p in out.iter_mut() {
        *p /= sum;
    }
}

/// Probabilities `(images, classes)`.
#[must_use]
pub fn softmax<T: Scalar>(logits: ArrayView2<'_, T>) -> Array2<T> {
    if planted(Fault::SoftmaxOverImages) {
        let exp = logits.mapv(T::exp);
        return &exp / &exp.sum_axis(ndarray::Axis(0));
    }
    let mut p = logits.as_standard_layout().into_owned();
    for mut row in p.outer_iter_mut() {
        let logits = row.to_vec();
        if let Some(row) = row.as_slice_mut() {
            softmax_into(&logits, row);
        }
    }
    p
}

/// One image's loss. A label that names no class gives NaN; check labels with [`check_labels`] first.
pub fn loss<T: Scalar>(logits: &[T], label: usize) -> T {
    let (largest, rest) = log_partition(logits);
    (largest - logits.get(label).copied().unwrap_or_else(T::nan)) + rest
}

/// The largest logit, and the remaining summand `ln(1 + Σ_{c≠t} exp(a_c − a_t))` of `log Σ_c exp(a_c)`.
pub(crate) fn log_partition<T: Scalar>(logits: &[T]) -> (T, T) {
    let top = first_largest(logits);
    let largest = logits.get(top).copied().unwrap_or_else(T::nan);
    let others: T = but(logits, top).map(|a| (a - largest).exp()).sum();
    (largest, others.ln_1p())
}

/// Writes `scale · (softmax(logits) − onehot(label))` into `out`.
pub fn gradient_into<T: Scalar>(logits: &[T], label: usize, scale: T, out: &mut [T]) {
    softmax_into(logits, out);
    residual_in_place(out, label);
    for r in out.iter_mut() {
        *r *= scale;
    }
}

/// `p_y − 1` of the label `y`, as `−Σ_{c≠y} p_c`, from one image's probabilities.
pub fn label_residual<T: Scalar>(p: &[T], label: usize) -> T {
    -but(p, label).sum::<T>()
}

/// Converts one image's probabilities into `p − onehot(label)`. A label that names no class changes nothing.
pub(crate) fn residual_in_place<T: Scalar>(p: &mut [T], label: usize) {
    let of_label = label_residual(p, label);
    if let Some(p) = p.get_mut(label) {
        *p = of_label;
    }
}

/// `p − onehot(y)` from probabilities `(images, classes)`: the gradient of every image's own loss with respect to its
/// logits. An invalid or missing label does not change its image's probabilities, so check labels with [`check_labels`]
/// first.
#[must_use]
pub fn residuals<T: Scalar>(p: ArrayView2<'_, T>, labels: &[usize]) -> Array2<T> {
    let mut residuals = p.as_standard_layout().into_owned();
    for (mut row, &label) in residuals.outer_iter_mut().zip(labels) {
        if let Some(row) = row.as_slice_mut() {
            residual_in_place(row, label);
        }
    }
    residuals
}

/// The numbers of all classes except one.
fn but<T: Scalar>(of_classes: &[T], class: usize) -> impl Iterator<Item = T> {
    of_classes.iter().enumerate().filter(move |&(c, _)| c != class).map(|(_, &x)| x)
}

/// The class of the largest number, the first of several. It is 0 if all are −∞ or NaN, because NaN is not larger than anything.
fn first_largest<T: Scalar>(of_classes: &[T]) -> usize {
    let above = |(top, largest), (class, &x)| if x > largest { (class, x) } else { (top, largest) };
    of_classes.iter().enumerate().fold((0, T::neg_infinity()), above).0
}

/// `(p − onehot) / images`: the gradient of the mean loss with respect to the logits `(images, classes)`.
///
/// # Errors
/// Returns [`AutodiffError::Shape`] if there is not one label for each image, and [`AutodiffError::Label`] if a label names no
/// class.
pub fn mean_gradient<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize]) -> Result<Array2<T>, AutodiffError> {
    check_labels(labels, logits.nrows(), logits.ncols())?;
    let share = T::one() / T::from_f64(logits.nrows().max(1) as f64);
    Ok(residuals(softmax(logits).view(), labels).mapv_into(|r| r * share))
}

/// The mean loss of logits `(images, classes)`, summed in double precision.
///
/// # Errors
/// Returns [`AutodiffError::Shape`] if there is not one label for each image, and [`AutodiffError::Label`] if a label names no
/// class.
pub fn mean_loss<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize]) -> Result<f64, AutodiffError> {
    check_labels(labels, logits.nrows(), logits.ncols())?;
    let total: f64 = logits.outer_iter().zip(labels).map(|(row, &y)| loss(&row.to_vec(), y).as_f64()).sum();
    Ok(total / labels.len().max(1) as f64)
}

/// The class with the largest logit; the first of several. `None` for a row with a NaN or of length zero.
pub fn predicted<'a, T: Scalar>(logits: impl IntoIterator<Item = &'a T>) -> Option<usize> {
    let mut best: Option<(usize, T)> = None;
    for (class, &a) in logits.into_iter().enumerate() {
        if a.is_nan() {
            return None;
        }
        if best.is_none_or(|(_, top)| a > top) {
            best = Some((class, a));
        }
    }
    best.map(|(class, _)| class)
}

/// The number of images whose largest logit is their label's.
#[must_use]
pub fn count_correct<T: Scalar>(logits: ArrayView2<'_, T>, labels: &[usize]) -> usize {
    logits.outer_iter().zip(labels).filter(|&(ref row, &y)| predicted(row) == Some(y)).count()
}

/// `H v` for each image, with probabilities and v `(images, classes)`.
#[must_use]
pub fn hessian_apply<T: Scalar>(p: ArrayView2<'_, T>, v: ArrayView2<'_, T>) -> Array2<T> {
    let (p, v) = (p.as_standard_layout(), v.as_standard_layout());
    let mut out = Array2::zeros(p.dim());
    Zip::from(out.rows_mut()).and(p.rows()).and(v.rows()).for_each(|mut out, p, v| {
        if let (Some(out), Some(p), Some(v)) = (out.as_slice_mut(), p.to_slice(), v.to_slice()) {
            hessian_into(p, v, T::one(), out);
        }
    });
    out
}

/// Writes `scale · H v` for one image's probabilities into `out`.
pub fn hessian_into<T: Scalar>(p: &[T], v: &[T], scale: T, out: &mut [T]) {
    // H maps constants to 0. Without the top class's share, no difference below cancels if p_top ≈ 1.
    let of_top = v.get(first_largest(p)).copied().unwrap_or_else(T::zero);
    let mean: T = p.iter().zip(v).map(|(&p, &v)| p * (v - of_top)).sum();
    for ((out, &p), &v) in out.iter_mut().zip(p).zip(v) {
        *out = scale * p * ((v - of_top) - mean);
    }
}

/// Probabilities bounded below by the least normal number of a network's precision `N`.
///
/// The factors below contain `√p` and the residual's coefficients `1/√p`, whose products are of order 1. A system in `f64`
/// of an `f32` network rounds the factors to `f32` for the Gram matrix, and both have to survive there.
#[must_use]
pub fn bounded_for<N: Scalar, R: Scalar>(p: Array2<R>) -> Array2<R> {
    bounded_below(p, R::from_f64(N::min_positive_value().as_f64()))
}

/// Probabilities of at least `least`.
pub(crate) fn bounded_below<R: Scalar>(mut p: Array2<R>, least: R) -> Array2<R> {
    p.mapv_inplace(|p| p.max(least));
    p
}

/// The factors `c_k` of every image's Hessian, `(classes − 1, images, classes)`, from probabilities `(images, classes)`.
///
/// The basis comes from the Householder reflection that takes `s` to the unit vector of the likeliest class. A factor is
/// then as small as the `s` of its own class, however unlikely that is. If the factors are rounded to a narrower precision
/// afterwards, bound the probabilities with [`bounded_for`] first.
#[must_use]
pub fn hessian_factors<T: Scalar>(p: ArrayView2<'_, T>) -> Array3<T> {
    let (images, classes) = p.dim();
    let mut factors = Array3::zeros((classes.saturating_sub(1), images, classes));
    for (i, p) in p.outer_iter().enumerate() {
        let basis = Basis::of(p);
        for k in 0..factors.dim().0 {
            for (c, &s) in basis.s.iter().enumerate() {
                factors[[k, i, c]] = s * basis.entry(k, c);
            }
        }
    }
    factors
}

/// The factors `s_k e_k` of every image's `diag(p)`, `(classes, images, classes)`, from the roots `s = √p`, `(images, classes)`.
#[must_use]
pub fn diagonal_factors<T: Scalar>(roots: ArrayView2<'_, T>) -> Array3<T> {
    let (images, classes) = roots.dim();
    Array3::from_shape_fn((classes, images, classes), |(k, i, c)| if k == c { roots[[i, c]] } else { T::zero() })
}

/// The residual `r = p − onehot(y)` of every image in the factors `c_k` of [`hessian_factors`]: coefficients
/// `(classes − 1, images)`, with `r = Σ_k coefficient_k · c_k`.
///
/// `r = s ∘ (s − e_y / s_y)`, and `q_k` is orthogonal to `s`: the coefficient is `−q_k[y] / s_y`. The factors must have
/// been computed from the same bounded probabilities.
///
/// # Errors
/// Returns [`AutodiffError::Shape`] if there is not one label for each image, and [`AutodiffError::Label`] if a label names no
/// class.
pub fn residual_in_factors<T: Scalar>(p: ArrayView2<'_, T>, labels: &[usize]) -> Result<Array2<T>, AutodiffError> {
    let (images, classes) = p.dim();
    check_labels(labels, images, classes)?;
    let mut coefficients = Array2::zeros((classes.saturating_sub(1), images));
    for ((i, p), &label) in p.outer_iter().enumerate().zip(labels) {
        let basis = Basis::of(p);
        for (k, mut row) in coefficients.outer_iter_mut().enumerate() {
            row[i] = -basis.entry(k, label) / basis.s[label];
        }
    }
    Ok(coefficients)
}

/// One image's coefficients in the factors `c_k` of [`hessian_factors`], of any `r` whose entries sum to 0.
///
/// With `q_k` from the reflection at `u = s + e_top`, the coefficient `Σ_c q_k[c] r_c / s_c` is
/// `r_j / s_j − s_j / (1 + s_top) · r_top / s_top` for the k-th class j other than the top one.
pub(crate) fn in_factors<T: Scalar>(p: ArrayView1<'_, T>, r: &[T]) -> impl Iterator<Item = T> {
    let Basis { s, top } = Basis::of(p);
    let along = match (r.get(top), s.get(top)) {
        (Some(&r), Some(&s)) => r / (s * (T::one() + s)),
        _ => T::zero(),
    };
    let others = r.iter().copied().zip(s).enumerate().filter(move |&(class, _)| class != top);
    others.map(move |(_, (r, s))| r / s - s * along).collect::<Vec<_>>().into_iter()
}

/// The orthonormal basis `q` of the complement of `s = √p`, for one image.
struct Basis<T> {
    s: Vec<T>,
    /// The likeliest class.
    top: usize,
}

impl<T: Scalar> Basis<T> {
    fn of(p: ArrayView1<'_, T>) -> Self {
        // A probability that underflowed would give an infinite coefficient.
        let s = p.iter().map(|p| p.max(T::min_positive_value()).sqrt()).collect();
        Self { s, top: predicted(p).unwrap_or(0) }
    }

    /// `q_k[c]`. With `u = s + e_top`, both unit vectors with entries of one sign, `u·u = 2 + 2 s_top` has no cancellation;
    /// the reflection `I − 2uuᵀ/(u·u)` takes `s` to `−e_top`, so its other columns are orthogonal to `s`.
    fn entry(&self, k: usize, c: usize) -> T {
        let column = if k < self.top { k } else { k + 1 };
        let along = self.s[column] / (T::one() + self.s[self.top]);
        let one_if = |hit| if hit { T::one() } else { T::zero() };
        one_if(c == column) - along * (self.s[c] + one_if(c == self.top))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn factors_multiply_to_the_hessian() {
        let p = softmax(array![[0.3, -1.2, 2.0, 0.0], [9.0, -30.0, 1.0, 3.0]].view());
        let factors = hessian_factors(p.view());
        for i in 0..2 {
            for a in 0..4 {
                for b in 0..4 {
                    let dense = if a == b { p[[i, a]] } else { 0.0 } - p[[i, a]] * p[[i, b]];
                    let product: f64 = (0..3).map(|k| factors[[k, i, a]] * factors[[k, i, b]]).sum();
                    assert!((dense - product).abs() < 1e-15, "{i} {a} {b}: {dense} {product}");
                }
            }
        }
    }

    #[test]
    fn factors_and_coefficients_give_the_residual() {
        // The second image's label is so unlikely that its probability underflows.
        let p = softmax(array![[0.3, -1.2, 2.0, 0.0], [9.0, -900.0, 1.0, 3.0], [1.0, 2.0, -40.0, 2.5]].view());
        let labels = [2, 1, 2];
        let (factors, coefficients) = (hessian_factors(p.view()), residual_in_factors(p.view(), &labels).unwrap());
        for (i, &label) in labels.iter().enumerate() {
            for c in 0..4 {
                let residual = p[[i, c]] - if c == label { 1.0 } else { 0.0 };
                let sum: f64 = (0..3).map(|k| coefficients[[k, i]] * factors[[k, i, c]]).sum();
                assert!((residual - sum).abs() < 1e-14, "{i} {c}: {residual} {sum}");
            }
        }
    }

    #[test]
    fn gradient_and_hessian_are_derivatives_of_the_loss() {
        let a = [0.3, -1.2, 2.0, 0.0];
        let (v, h) = ([0.7, 0.1, -0.4, 0.9], 1e-5);
        let at = |t: f64| -> Vec<f64> { a.iter().zip(v).map(|(a, v)| a + t * v).collect() };
        let mut r = [0.0; 4];
        gradient_into(&a, 1, 1.0, &mut r);
        let slope: f64 = r.iter().zip(v).map(|(r, v)| r * v).sum();
        let difference = (loss(&at(h), 1) - loss(&at(-h), 1)) / (2.0 * h);
        // Central differences: h² of the third derivative, and eps/h of rounding.
        assert!((slope - difference).abs() < 1e-9);
        let (mut above, mut below) = ([0.0; 4], [0.0; 4]);
        gradient_into(&at(h), 1, 1.0, &mut above);
        gradient_into(&at(-h), 1, 1.0, &mut below);
        let p = softmax(array![a].view());
        let hv = hessian_apply(p.view(), array![v].view());
        for c in 0..4 {
            assert!((hv[[0, c]] - (above[c] - below[c]) / (2.0 * h)).abs() < 1e-9);
        }
        let mut of_one = [0.0; 4];
        hessian_into(&p.row(0).to_vec(), &v, 3.0, &mut of_one);
        for (found, expected) in of_one.iter().zip(&hv) {
            assert!((found - 3.0 * expected).abs() < 1e-15);
        }
    }

    #[test]
    fn residuals_and_factors_of_the_diagonal() {
        let p = array![[0.25, 0.75], [1.0, 0.0]];
        assert_eq!(residuals(p.view(), &[1, 0]), array![[0.25, -0.25], [0.0, 0.0]]);
        let factors = diagonal_factors(p.mapv(f64::sqrt).view());
        for (i, p) in p.outer_iter().enumerate() {
            let factors = factors.index_axis(ndarray::Axis(1), i);
            let product = factors.t().dot(&factors);
            assert!((product - Array2::from_diag(&p)).iter().all(|x| x.abs() < 1e-15));
        }
    }

    #[test]
    fn large_logits_do_not_overflow() {
        assert_eq!(loss(&[1000.0_f32, 0.0], 0), 0.0);
        assert_eq!(loss(&[1000.0_f32, 0.0], 1), 1000.0);
        assert_eq!(predicted(&[1.0_f32, 3.0, 3.0]), Some(1));
        assert_eq!(predicted(&[1.0_f32, f32::NAN]), None);
    }

    #[test]
    fn labels_are_checked() {
        let logits = Array2::<f32>::zeros((2, 3));
        assert!(matches!(
            mean_loss(logits.view(), &[0, 3]),
            Err(AutodiffError::Label { image: 1, found: 3, classes: 3 })
        ));
        assert!(matches!(mean_loss(logits.view(), &[0]), Err(AutodiffError::Shape { .. })));
    }
}
