//! The tridiagonal matrix of the Lanczos process.

use crate::arguments::{at_least, finite, order};
use crate::basis::{Basis, is_noise, unit};
use crate::vectors::norm;
use crate::{CurvatureError, SymmetricOperator, probes};
use minima_autodiff::Scalar;
use minima_linalg::symmetric_eigen;
use minima_rng::Key;
use ndarray::Array2;

/// The options of [`lanczos`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanczosOptions {
    /// The largest number of steps; each takes one product and stores one vector.
    pub steps: usize,
    /// The key of the random start.
    pub key: Key,
}

impl Default for LanczosOptions {
    /// 50 steps.
    fn default() -> Self {
        Self { steps: 50, key: Key::new(0) }
    }
}

/// The result of the Lanczos process, `A Q = Q T + r eₖᵀ`: an orthonormal basis Q of the Krylov space of k steps and
/// the tridiagonal matrix `T = Qᵀ A Q`.
///
/// With rounded products, `Qᵀ A Q` is tridiagonal only up to [`rounding`](Self::rounding).
#[derive(Clone, Debug, PartialEq)]
pub struct Lanczos<T> {
    /// The columns of Q; the first is the normalized start.
    pub basis: Vec<Vec<T>>,
    /// The diagonal of T.
    pub diagonal: Vec<f64>,
    /// The off-diagonal entries of T, one fewer than on the diagonal.
    pub off_diagonal: Vec<f64>,
    /// `‖r‖`. It is zero if the Krylov space is invariant; the eigenvalues of T are then eigenvalues of A.
    pub residual: f64,
    /// For each column, the norm of the difference between `Qᵀ A Q` and T above the diagonal. It is zero up to rounding
    /// for a symmetric A, and large if products with A have larger errors.
    pub rounding: Vec<f64>,
}

/// Eigenvalues and eigenvectors of the Lanczos matrix T.
#[derive(Clone, Debug, PartialEq)]
pub struct Ritz {
    /// Eigenvalues, ascending.
    pub values: Vec<f64>,
    /// The squares of the first entries of the eigenvectors; their sum is 1. They are the weights of a Gauss quadrature
    /// with the values as nodes: `qᵀ f(A) q = Σ weightᵢ f(valueᵢ)` for the start q and polynomials f of degree at most
    /// `2k − 1` (Golub & Welsch 1969).
    pub weights: Vec<f64>,
    /// `‖A y − θ y‖` for each value θ and its vector y, computed from the recurrence. An eigenvalue of A is within this
    /// distance of θ, plus the error in [`rounding`](Self::rounding).
    pub residuals: Vec<f64>,
    /// An upper bound on what the rounding of products adds to each residual: `Σⱼ |sⱼ| roundingⱼ` for the eigenvector s
    /// of T.
    pub rounding: Vec<f64>,
}

impl<T: Scalar> Lanczos<T> {
    /// The full matrix T.
    #[must_use]
    pub fn tridiagonal(&self) -> Array2<f64> {
        let mut t = Array2::zeros((self.diagonal.len(), self.diagonal.len()));
        t.diag_mut().iter_mut().zip(&self.diagonal).for_each(|(to, x)| *to = *x);
        for (i, x) in self.off_diagonal.iter().enumerate() {
            for at in [[i, i + 1], [i + 1, i]] {
                if let Some(to) = t.get_mut(at) {
                    *to = *x;
                }
            }
        }
        t
    }

    /// Computes the eigenvalues of T, which approximate eigenvalues of A, with weights and error bounds.
    ///
    /// # Errors
    /// Returns [`CurvatureError::Linalg`] if the eigenvalues of T cannot be computed.
    pub fn ritz(&self) -> Result<Ritz, CurvatureError> {
        let (values, vectors) = symmetric_eigen(self.tridiagonal().view())?;
        let weights = vectors.rows().into_iter().next().map(|row| row.iter().map(|x| x * x).collect());
        let residuals =
            vectors.rows().into_iter().next_back().map(|row| row.iter().map(|x| x.abs() * self.residual).collect());
        let rounding = vectors.columns().into_iter();
        let rounding = rounding.map(|s| s.iter().zip(&self.rounding).map(|(s, rounding)| s.abs() * rounding).sum());
        Ok(Ritz {
            rounding: rounding.collect(),
            values: values.to_vec(),
            weights: weights.unwrap_or_default(),
            residuals: residuals.unwrap_or_default(),
        })
    }
}

/// Runs the Lanczos process from a random start. Every vector is orthogonalized against all previous ones (Lanczos
/// 1950; Parlett, The Symmetric Eigenvalue Problem, 1998, chapter 13). It stops early if the Krylov space is invariant.
///
/// # Errors
/// Returns [`CurvatureError::Size`] if A is not square, [`CurvatureError::Option`] if the number of steps is zero,
/// [`CurvatureError::NotFinite`] if a product is not finite, and the errors of the products.
pub fn lanczos<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    options: &LanczosOptions,
) -> Result<Lanczos<T>, CurvatureError> {
    let start = probes::normal(options.key, order(a)?);
    lanczos_from(a, &start, options.steps)
}

/// Runs [`lanczos`] from a given start of any nonzero length.
///
/// # Errors
/// Returns the errors of [`lanczos`], [`CurvatureError::Size`] if the start does not fit, and
/// [`CurvatureError::Option`] if it is zero.
pub fn lanczos_from<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    start: &[T],
    steps: usize,
) -> Result<Lanczos<T>, CurvatureError> {
    let order = order(a)?;
    at_least(1, "steps", steps, "at least 1")?;
    a.check(start)?;
    let mut kept = Basis::new();
    let (mut diagonal, mut off_diagonal, mut residual, mut largest) = (Vec::new(), Vec::new(), 0.0, 0.0_f64);
    let mut rounding = Vec::new();
    let Some(mut next) = unit(start.to_vec(), finite("the norm of the start", norm(start))?) else {
        return Err(CurvatureError::Option { option: "start", found: 0.0, expected: "a nonzero vector" });
    };
    for step in 0..steps.min(order) {
        if step > 0 {
            off_diagonal.push(residual);
        }
        let mut image = a.apply(&next)?;
        kept.push(next);
        largest = largest.max(finite("the norm of a product", norm(&image))?);
        let (components, left) = kept.orthogonalize(&mut image);
        rounding.push(beside_tridiagonal(&components, residual));
        diagonal.extend(components.last());
        residual = if is_noise::<T>(left, largest) || step + 1 == order { 0.0 } else { left };
        match unit(image, residual) {
            Some(image) => next = image,
            None => break,
        }
    }
    Ok(Lanczos { basis: kept.into_vectors(), diagonal, off_diagonal, residual, rounding })
}

/// The norm of the entries of a column of `Qᵀ A Q` above the diagonal, minus T. `beside` is the entry of T above the
/// diagonal.
fn beside_tridiagonal(components: &[f64], beside: f64) -> f64 {
    let above = components.iter().rev().skip(1).enumerate();
    norm(&above.map(|(place, x)| if place == 0 { x - beside } else { *x }).collect::<Vec<f64>>())
}
