//! Dense linear algebra for second-order optimizers, on faer or on OpenBLAS.
//!
//! Matrices are [`ndarray`] arrays of any memory layout, `f32` or `f64`. The default backend is [`faer`], in pure Rust. Its
//! results are bit-for-bit identical for any number of [`rayon`] threads: work is split into tiles whose bounds depend on
//! the sizes alone, and one thread computes each tile. The bits may differ between CPU models, because faer selects its
//! kernels and block sizes at run time.
//!
//! With the feature `lapack`, LAPACK (OpenBLAS, through `ndarray-linalg`) computes factorizations, solves and eigenvalues;
//! the products still use faer. OpenBLAS starts its own threads, so its results are not guaranteed to be reproducible bit for
//! bit.
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
mod power_of_two;
mod precondition;
mod products;

pub use backend::Real;
pub use cholesky::Cholesky;
pub use eigenvalues::{symmetric_eigen, symmetric_eigenvalues};
pub use error::LinalgError;
pub use lu::{Lu, solve_general};
pub use products::{matmul, syrk_lower};

/// The library for factorizations and solves: `faer`, or `OpenBLAS` with the feature `lapack`.
pub const BACKEND: &str = if cfg!(feature = "lapack") { "OpenBLAS" } else { "faer" };

/// The version of this crate's numbers. It rises whenever equal input gives other numbers, so that runs stored by an older version are
/// not reused.
pub const NUMERICS_VERSION: u32 = 1;
