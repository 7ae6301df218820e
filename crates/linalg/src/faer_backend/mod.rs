//! The faer backend. Parallel work is split by matrix sizes alone, and each piece runs on one thread. The bits of a result
//! therefore do not depend on the number of threads.

mod gemm;
mod layout;
mod syrk;

pub(crate) use gemm::gemm;
pub(crate) use syrk::syrk_lower;

#[cfg(not(feature = "lapack"))]
mod cholesky;
#[cfg(not(feature = "lapack"))]
mod eigenvalues;
#[cfg(not(feature = "lapack"))]
mod lu;
#[cfg(not(feature = "lapack"))]
mod triangular;

#[cfg(not(feature = "lapack"))]
pub(crate) use {
    cholesky::{cholesky, cholesky_inverse, cholesky_solve},
    eigenvalues::{symmetric_eigen, symmetric_eigenvalues},
    lu::{Pivots, lu, lu_solve},
};
