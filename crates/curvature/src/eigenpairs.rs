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

/// How far [`top_eigenpairs`] and [`bottom_eigenpairs`] go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EigenOptions {
    /// The residual `‖A y − θ y‖` that is small enough, relative to the largest eigenvalue's size. The eigenvalue's own
    /// error is of the order of the residual's square. Rounding leaves some 1e-7 in `f32`.
    pub tolerance: f64,
    /// Products at most, apart from one for each pair in the end.
    pub products: usize,
    /// Vectors kept at most, though twice as many as pairs are asked for and ten more are allowed in any case.
    pub basis: usize,
    /// Whether to look for more vectors of the same eigenvalue. A Krylov space holds one for each, so that the search
    /// goes on from another random vector until it finds none: about half as many products again where there is none.
    pub repeated: bool,
    /// Where the random start comes from.
    pub key: Key,
}

impl Default for EigenOptions {
    /// A residual of 1e-5, 1000 products, 100 vectors, repeated eigenvalues looked for.
    fn default() -> Self {
        Self { tolerance: 1e-5, products: 1000, basis: 100, repeated: true, key: Key::new(0) }
    }
}

/// An eigenvalue and its vector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Eigenpair<T> {
    /// θ, the Rayleigh quotient of the vector.
    pub value: f64,
    /// y, of length 1. Its sign means nothing.
    pub vector: Vec<T>,
    /// `‖A y − θ y‖`, computed from one more product: an eigenvalue of A is within this distance of θ.
    pub residual: f64,
    /// Whether the residual is within the tolerance.
    pub converged: bool,
}

/// The `count` largest eigenvalues, descending, by Lanczos's process with full reorthogonalization and restarts that
/// keep the best vectors (thick restarts: Wu & Simon 2000; Stewart's Krylov-Schur form, 2001).
///
/// Fewer come back only where the matrix is of lower order. Each pair tells whether it converged.
///
/// # Errors
/// When A is not square, an option makes no sense, or a product fails or is not finite.
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

/// The `count` smallest eigenvalues, ascending: as [`top_eigenpairs`] of `−A`.
///
/// # Errors
/// As [`top_eigenpairs`].
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
    at_least(count, "products", options.products, "as many as pairs, or more")?;
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
        // Another vector of a wanted eigenvalue takes the place of a smaller one.
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

/// The Rayleigh quotient of a vector and its residual.
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

/// Eigenvalues and vectors of the projected matrix, largest first.
struct RitzPairs {
    values: Vec<f64>,
    /// Column by column, in the basis.
    vectors: Array2<f64>,
    /// `‖A y − θ y‖`, from the last row of the vectors.
    residuals: Vec<f64>,
}

impl RitzPairs {
    fn sum_of_top(&self, count: usize) -> f64 {
        self.values.iter().take(count).sum()
    }
}

/// An orthonormal basis V with the projected matrix `Vᵀ (±A) V`, of which every number is computed: the basis need not
/// be a Krylov space's.
struct Search<'a, T: Scalar> {
    a: &'a dyn SymmetricOperator<T>,
    sign: f64,
    order: usize,
    options: &'a EigenOptions,
    kept: Basis<T>,
    /// Row by row: the lower triangle.
    projected: Vec<Vec<f64>>,
    next: Vec<T>,
    /// What the last product has outside of V: the norm.
    left: f64,
    /// Random vectors drawn.
    drawn: u32,
    products: usize,
    /// The largest norm of a product seen: at most A's largest eigenvalue in size, and close to it in the end.
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

    /// Whether nothing is left to do: the basis is whole, or the products are used up.
    fn is_over(&self) -> bool {
        self.kept.len() == self.order || self.products >= self.options.products
    }

    /// The residual that is small enough, and is not below rounding.
    fn tolerance(&self) -> f64 {
        self.options.tolerance.max(T::epsilon().as_f64()) * self.largest
    }

    /// Goes on from a random vector outside of the basis.
    fn renew(&mut self) -> Result<(), CurvatureError> {
        let mut v = probes::normal(self.options.key.fold_in(self.drawn), self.order);
        self.drawn = self.drawn.wrapping_add(1);
        let (_, left) = self.kept.orthogonalize(&mut v);
        let empty =
            CurvatureError::Option { option: "key", found: left, expected: "to draw a vector outside of the basis" };
        self.next = unit(v, left).ok_or(empty)?;
        Ok(())
    }

    /// One product, and one vector more in the basis.
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

    /// Reduces the basis to the first `count` Ritz vectors. What is to follow, [`next`](Self::next), stays.
    fn keep(&mut self, ritz: &RitzPairs, count: usize) {
        self.kept = self.kept.combine(ritz.vectors.slice_axis(Axis(1), Slice::from(..count.min(ritz.values.len()))));
        let rows = ritz.values.iter().take(count).enumerate();
        self.projected = rows.map(|(i, value)| Array1::zeros(i).into_iter().chain([*value]).collect()).collect();
    }

    /// Expands until the first `count` pairs have converged, and, where asked, the next is known to a hundredth.
    fn until_converged(&mut self, count: usize, and_next: bool) -> Result<RitzPairs, CurvatureError> {
        let most = self.options.basis.max(2 * count + 10).min(self.order);
        let mut looked = 0;
        loop {
            self.expand()?;
            let size = self.kept.len();
            // A look costs an eigendecomposition.
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
