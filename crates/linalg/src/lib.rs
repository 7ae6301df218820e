//! Dense linear algebra for second-order optimizers, on faer or on OpenBLAS.
//!
//! Matrices are [`ndarray`] arrays of any memory layout, `f32` or `f64`. By default everything is pure Rust on
//! [`faer`], and the result is the same bit for bit whatever the number of [`rayon`] threads: work is cut into tiles
//! whose bounds depend on the sizes alone, and every tile is computed by one thread. The bits may differ from one
//! processor model to another, because faer picks its kernels and block sizes at run time.
//!
//! With the feature `lapack`, factorizations, solves and eigenvalues go through LAPACK (OpenBLAS, by
//! `ndarray-linalg`), and the products stay as they are. OpenBLAS starts threads of its own, so what it computes is not
//! promised to be reproducible bit for bit.
//!
//! ```
//! use minima_linalg::{Cholesky, syrk_lower};
//! use ndarray::{Array2, array};
//!
//! let a = array![[1.0, 2.0], [0.0, 1.0], [1.0, 0.0]];
//! let mut gram = Array2::eye(2);
//! syrk_lower(1.0, a.view(), 0.5, gram.view_mut())?;
//! assert_eq!(gram, array![[2.5, 0.0], [2.0, 5.5]]);
//!
//! let cholesky = Cholesky::factor(gram)?;
//! let x = cholesky.solve_vec(array![4.5, 7.5].view())?;
//! assert!((x[0] - 1.0_f64).abs() < 1e-14 && (x[1] - 1.0_f64).abs() < 1e-14);
//! # Ok::<(), minima_linalg::LinalgError>(())
//! ```

mod backend;
mod cholesky;
mod eigenvalues;
mod error;
mod faer_backend;
#[cfg(feature = "lapack")]
mod lapack_backend;
mod lu;
mod matmul;
mod power_of_two;
mod precondition;
mod real;
mod syrk;

pub use cholesky::Cholesky;
pub use eigenvalues::{symmetric_eigen, symmetric_eigenvalues};
pub use error::LinalgError;
pub use lu::{Lu, solve_general};
pub use matmul::matmul;
pub use real::Real;
pub use syrk::syrk_lower;

/// Who factors and solves: `faer`, or with the feature `lapack` `OpenBLAS`.
pub const BACKEND: &str = if cfg!(feature = "lapack") { "OpenBLAS" } else { "faer" };
