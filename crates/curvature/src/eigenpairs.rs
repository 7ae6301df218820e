//! The largest and the smallest eigenvalues, with their vectors.

use crate::arguments::{at_least, finite, non_negative, order};
use crate::basis::{Basis, is_noise, unit};
use crate::vectors::{add_scaled, dot, norm};
use crate::{CurvatureError, SymmetricOperator, probes};
use minima_autodiff::Scalar;
use minima_linalg::symmetric_eigen;
use minima_rng::Key;
use ndarray::{Array1, Array2, Axis, Slice};
use serde::{Deserialize, Serialize};

/// The options of [`top_eigenpairs`] and [`bottom_eigenpairs`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EigenOptions {
    /// The tolerance of the residual `‖A y − θ y‖`, relative to the absolute value of the largest eigenvalue. The error
    /// of the eigenvalue itself is of the order of the squared residual. In `f32`, rounding limits it to about 1e-7.
    pub tolerance: f64,
    /// The largest number of products, without one final product per pair.
    pub products: usize,
    /// The largest number of stored vectors. At least twice the requested number of pairs plus ten is always allowed.
    pub basis: usize,
    /// Whether to search for further vectors of the same eigenvalue. A Krylov space contains one vector per eigenvalue,
    /// so the search continues from new random vectors until it finds no more. This costs about half as many additional
    /// products if there are none.
    pub repeated: bool,
    /// The key of the random start.
    pub key: Key,
}

impl Default for EigenOptions {
    /// A residual of 1e-5, 1000 products, 100 vectors, with a search for repeated eigenvalues.
    fn default() -> Self {
        Self { tolerance: 1e-5, products: 1000, basis: 100, repeated: true, key: Key::new(0) }
    }
}

/// An eigenvalue and its eigenvector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Eigenpair<T> {
    /// The eigenvalue θ, the Rayleigh quotient of the vector.
    pub value: f64,
    /// The eigenvector y, of length 1. Its sign is arbitrary.
    pub vector: Vec<T>,
    /// `‖A y − θ y‖`, computed with one more product: an eigenvalue of A is within this distance of θ.
    pub residual: f64,
    /// Whether the residual is within the tolerance.
    pub converged: bool,
}

/// Computes the `count` largest eigenvalues, in descending order, by the Lanczos process with full reorthogonalization
/// and restarts that keep the best vectors (thick restarts: Wu & Simon 2000; Stewart's Krylov-Schur form, 2001).
///
/// Fewer pairs are returned only if the matrix has lower order. Each pair records whether it converged.
///
/// # Errors
/// Returns [`CurvatureError::Size`] if A is not square, [`CurvatureError::Option`] if an option is invalid,
/// [`CurvatureError::NotFinite`] if a product is not finite, and the errors of the products.
///
/// # Examples
/// ```
/// use minima_curvature::{EigenOptions, SymmetricMatrix, top_eigenpairs};
/// use ndarray::array;
///
/// let a = SymmetricMatrix::from_lower(array![[2.0, 1.0], [1.0, 2.0]])?;
/// let pairs = top_eigenpairs(&a, 2, &EigenOptions::default())?;
/// assert!((pairs[0].value - 3.0_f64).abs() < 1e-12 && (pairs[1].value - 1.0).abs() < 1e-12);
/// # Ok::<(), minima_curvature::CurvatureError>(())
/// ```
pub fn top_eigenpairs<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    count: usize,
    options: &EigenOptions,
) -> Result<Vec<Eigenpair<T>>, CurvatureError> {
    eigenpairs(a, 1.0, count, options)
}

/// Computes the `count` smallest eigenvalues, in ascending order, by [`top_eigenpairs`] of `−A`.
///
/// # Errors
/// Returns the errors of [`top_eigenpairs`].
pub fn bottom_eigenpairs<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    count: usize,
    options: &EigenOptions,
) -> Result<Vec<Eigenpair<T>>, CurvatureError> {
    eigenpairs(a, -1.0, count, options)
}

fn eigenpairs<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    sign: f64,
    count: usize,
    options: &EigenOptions,
) -> Result<Vec<Eigenpair<T>>, CurvatureError> {
    let order = order(a)?;
    let count = count.min(order);
    non_negative("tolerance", options.tolerance)?;
    at_least(count, "products", options.products, "at least the number of pairs")?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut search = Search::new(a, sign, order, options)?;
    let mut ritz = search.until_converged(count, false)?;
    while options.repeated && !search.is_over() {
        let before = ritz.sum_of_top(count);
        search.keep(&ritz, count);
        search.renew()?;
        ritz = search.until_converged(count, true)?;
        // Another vector of a wanted eigenvalue would replace a smaller eigenvalue.
        if ritz.sum_of_top(count) - before <= count as f64 * search.tolerance() {
            break;
        }
    }
    search.keep(&ritz, count);
    let mut pairs = Vec::with_capacity(count);
    for vector in search.kept.into_vectors() {
        pairs.push(pair(a, vector, options.tolerance * search.largest)?);
    }
    pairs.sort_by(|x, y| (sign * y.value).total_cmp(&(sign * x.value)));
    Ok(pairs)
}

/// Computes the Rayleigh quotient of a vector and its residual.
fn pair<T: Scalar>(
    a: &dyn SymmetricOperator<T>,
    vector: Vec<T>,
    tolerance: f64,
) -> Result<Eigenpair<T>, CurvatureError> {
    let mut image = a.apply(&vector)?;
    let value = finite("an eigenvalue", dot(&vector, &image) / dot(&vector, &vector))?;
    add_scaled(-value, &vector, &mut image);
    let residual = norm(&image);
    Ok(Eigenpair { value, vector, residual, converged: residual <= tolerance })
}

/// Eigenvalues and eigenvectors of the projected matrix, in descending order.
struct RitzPairs {
    values: Vec<f64>,
    /// One column per vector, in the coordinates of the basis.
    vectors: Array2<f64>,
    /// `‖A y − θ y‖`, computed from the last row of the vectors.
    residuals: Vec<f64>,
}

impl RitzPairs {
    fn sum_of_top(&self, count: usize) -> f64 {
        self.values.iter().take(count).sum()
    }
}

/// An orthonormal basis V with the projected matrix `Vᵀ (±A) V`. Every entry of the matrix is computed, because the
/// basis need not span a Krylov space.
struct Search<'a, T: Scalar> {
    a: &'a dyn SymmetricOperator<T>,
    sign: f64,
    order: usize,
    options: &'a EigenOptions,
    kept: Basis<T>,
    /// The lower triangle, row by row.
    projected: Vec<Vec<f64>>,
    next: Vec<T>,
    /// The norm of the last product's component outside of V.
    left: f64,
    /// The number of random vectors drawn.
    drawn: u32,
    products: usize,
    /// The largest norm of a product so far. It is at most the largest absolute eigenvalue of A, and close to it in the
    /// end.
    largest: f64,
}

impl<'a, T: Scalar> Search<'a, T> {
    fn new(
        a: &'a dyn SymmetricOperator<T>,
        sign: f64,
        order: usize,
        options: &'a EigenOptions,
    ) -> Result<Self, CurvatureError> {
        let kept = Basis::new();
        let (projected, next) = (Vec::new(), Vec::new());
        let mut search =
            Self { a, sign, order, options, kept, projected, next, left: 0.0, drawn: 0, products: 0, largest: 0.0 };
        search.renew()?;
        Ok(search)
    }

    /// Whether the search is complete: the basis spans the whole space, or the products are used up.
    fn is_over(&self) -> bool {
        self.kept.len() == self.order || self.products >= self.options.products
    }

    /// The tolerance of the residual, not below rounding.
    fn tolerance(&self) -> f64 {
        self.options.tolerance.max(T::epsilon().as_f64()) * self.largest
    }

    /// Continues from a random vector outside of the basis.
    fn renew(&mut self) -> Result<(), CurvatureError> {
        let mut v = probes::normal(self.options.key.fold_in(self.drawn), self.order);
        self.drawn = self.drawn.wrapping_add(1);
        let (_, left) = self.kept.orthogonalize(&mut v);
        let empty = CurvatureError::Option {
            option: "key",
            found: left,
            expected: "a key that draws a vector outside the basis",
        };
        self.next = unit(v, left).ok_or(empty)?;
        Ok(())
    }

    /// Computes one product and extends the basis by one vector.
    fn expand(&mut self) -> Result<(), CurvatureError> {
        let mut image = self.a.apply(&self.next)?;
        self.products += 1;
        self.largest = self.largest.max(finite("the norm of a product", norm(&image))?);
        self.kept.push(std::mem::take(&mut self.next));
        let (components, left) = self.kept.orthogonalize(&mut image);
        self.projected.push(components.into_iter().map(|x| self.sign * x).collect());
        self.left = if self.kept.len() == self.order || is_noise::<T>(left, self.largest) { 0.0 } else { left };
        match unit(image, self.left) {
            Some(next) => self.next = next,
            None if self.kept.len() < self.order => self.renew()?,
            None => {}
        }
        Ok(())
    }

    fn ritz(&self) -> Result<RitzPairs, CurvatureError> {
        let size = self.projected.len();
        let mut matrix = Array2::zeros((size, size));
        for (mut row, numbers) in matrix.rows_mut().into_iter().zip(&self.projected) {
            row.iter_mut().zip(numbers).for_each(|(to, x)| *to = *x);
        }
        let (values, mut vectors) = symmetric_eigen(matrix.view())?;
        vectors.invert_axis(Axis(1));
        let last = vectors.rows().into_iter().next_back().map(|row| row.iter().map(|s| s.abs() * self.left).collect());
        let values = values.iter().rev().copied().collect();
        Ok(RitzPairs { values, residuals: last.unwrap_or_default(), vectors })
    }

    /// Reduces the basis to the first `count` Ritz vectors. The next vector, [`next`](Self::next), is unchanged.
    fn keep(&mut self, ritz: &RitzPairs, count: usize) {
        self.kept = self.kept.combine(ritz.vectors.slice_axis(Axis(1), Slice::from(..count.min(ritz.values.len()))));
        let rows = ritz.values.iter().take(count).enumerate();
        self.projected = rows.map(|(i, value)| Array1::zeros(i).into_iter().chain([*value]).collect()).collect();
    }

    /// Expands until the first `count` pairs have converged and, if requested, the residual of the next
    /// pair is at most a hundredth of its eigenvalue.
    fn until_converged(&mut self, count: usize, and_next: bool) -> Result<RitzPairs, CurvatureError> {
        let most = self.options.basis.max(2 * count + 10).min(self.order);
        let mut looked = 0;
        loop {
            self.expand()?;
            let size = self.kept.len();
            // Each check costs an eigendecomposition.
            let due = size - looked.min(size) > size / 10 || size == most || self.left == 0.0 || self.is_over();
            if !due || size < count {
                continue;
            }
            looked = size;
            let ritz = self.ritz()?;
            let next = match (ritz.values.get(count), ritz.residuals.get(count)) {
                (Some(value), Some(residual)) => *residual <= self.tolerance().max(0.01 * value.abs()),
                _ => false,
            };
            let converged = ritz.residuals.iter().take(count).all(|r| *r <= self.tolerance());
            if self.is_over() || converged && (next || !and_next) {
                return Ok(ritz);
            }
            if size == most {
                let kept = count + (most - count) / 2;
                self.keep(&ritz, kept);
                looked = kept;
            }
        }
    }
}
