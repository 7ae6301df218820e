//! The backend on faer. Parallel work is cut by sizes alone, and each piece runs on one thread, so the bits of a result
//! do not depend on the number of threads.

mod cholesky;
mod eigenvalues;
mod gemm;
mod layout;
mod lu;
mod syrk;
mod triangular;

pub use cholesky::{cholesky, cholesky_solve};
pub use eigenvalues::symmetric_eigenvalues;
pub use gemm::gemm;
pub use lu::{lu, lu_solve};
pub use syrk::syrk_lower;

/// What this backend needs of an element.
pub trait Element: faer::traits::RealField + Copy + Send + Sync + 'static {}

impl Element for f32 {}
impl Element for f64 {}
