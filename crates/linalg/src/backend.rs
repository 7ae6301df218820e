//! The element types, and the routines that a backend provides for them. The caller checks sizes and finiteness.

use crate::{LinalgError, faer_backend};
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut2};
use num_traits::{Float, NumAssign};
use std::fmt::{Debug, Display};

#[cfg(not(feature = "lapack"))]
use crate::faer_backend as solver;
#[cfg(feature = "lapack")]
use crate::lapack_backend as solver;

/// The row order of an LU factorization. Each backend has its own encoding.
pub(crate) use solver::Pivots;

/// The real types of this crate: `f32` and `f64`. The trait is sealed: other types cannot implement it.
pub trait Real: Float + NumAssign + Debug + Display + Default + Send + Sync + Backend + 'static {}

impl Real for f32 {}
impl Real for f64 {}

/// The dense routines, by element type: a supertrait of [`Real`] that other crates cannot name.
pub trait Backend: Sized {
    /// `c ← beta·c + alpha·a·b`.
    fn gemm(alpha: Self, a: ArrayView2<'_, Self>, b: ArrayView2<'_, Self>, beta: Self, c: ArrayViewMut2<'_, Self>);

    /// Lower triangle of `c ← beta·c + alpha·aᵀa`.
    fn syrk_lower(alpha: Self, a: ArrayView2<'_, Self>, beta: Self, c: ArrayViewMut2<'_, Self>);

    /// Overwrites the lower triangle of `a` with its Cholesky factor.
    fn cholesky(a: &mut Array2<Self>) -> Result<(), LinalgError>;

    /// Solves with the factor written by [`Backend::cholesky`].
    fn cholesky_solve(factor: ArrayView2<'_, Self>, b: ArrayView2<'_, Self>) -> Result<Array2<Self>, LinalgError>;

    /// Overwrites the factor written by [`Backend::cholesky`] with the inverse of the matrix.
    fn cholesky_inverse(factor: &mut Array2<Self>) -> Result<(), LinalgError>;

    /// Overwrites `a` with its LU factors.
    fn lu(a: &mut Array2<Self>) -> Result<Pivots, LinalgError>;

    /// Solves with the factors written by [`Backend::lu`].
    fn lu_solve(
        factors: ArrayView2<'_, Self>,
        pivots: &Pivots,
        b: ArrayView2<'_, Self>,
    ) -> Result<Array2<Self>, LinalgError>;

    /// Ascending eigenvalues of the symmetric matrix whose lower triangle is in `a`.
    fn symmetric_eigenvalues(a: ArrayView2<'_, Self>) -> Result<Array1<Self>, LinalgError>;

    /// Ascending eigenvalues of the symmetric matrix whose lower triangle is in `a`, and an eigenvector in each column.
    fn symmetric_eigen(a: ArrayView2<'_, Self>) -> Result<(Array1<Self>, Array2<Self>), LinalgError>;
}

/// Runs work with many parallel parts on a thread of the pool. From another thread, each part would wait for the pool on its
/// own.
fn on_worker<O: Send>(work: impl FnOnce() -> O + Send) -> O {
    rayon::scope(|_| work())
}

macro_rules! implement {
    ($real:ty) => {
        impl Backend for $real {
            fn gemm(
                alpha: Self,
                a: ArrayView2<'_, Self>,
                b: ArrayView2<'_, Self>,
                beta: Self,
                c: ArrayViewMut2<'_, Self>,
            ) {
                faer_backend::gemm(alpha, a, b, beta, c);
            }

            fn syrk_lower(alpha: Self, a: ArrayView2<'_, Self>, beta: Self, c: ArrayViewMut2<'_, Self>) {
                faer_backend::syrk_lower(alpha, a, beta, c);
            }

            fn cholesky(a: &mut Array2<Self>) -> Result<(), LinalgError> {
                on_worker(|| solver::cholesky(a))
            }

            fn cholesky_solve(
                factor: ArrayView2<'_, Self>,
                b: ArrayView2<'_, Self>,
            ) -> Result<Array2<Self>, LinalgError> {
                on_worker(|| solver::cholesky_solve(factor, b))
            }

            fn cholesky_inverse(factor: &mut Array2<Self>) -> Result<(), LinalgError> {
                on_worker(|| solver::cholesky_inverse(factor))
            }

            fn lu(a: &mut Array2<Self>) -> Result<Pivots, LinalgError> {
                on_worker(|| solver::lu(a))
            }

            fn lu_solve(
                factors: ArrayView2<'_, Self>,
                pivots: &Pivots,
                b: ArrayView2<'_, Self>,
            ) -> Result<Array2<Self>, LinalgError> {
                on_worker(|| solver::lu_solve(factors, pivots, b))
            }

            fn symmetric_eigenvalues(a: ArrayView2<'_, Self>) -> Result<Array1<Self>, LinalgError> {
                on_worker(|| solver::symmetric_eigenvalues(a))
            }

            fn symmetric_eigen(a: ArrayView2<'_, Self>) -> Result<(Array1<Self>, Array2<Self>), LinalgError> {
                on_worker(|| solver::symmetric_eigen(a))
            }
        }
    };
}

implement!(f32);
implement!(f64);
