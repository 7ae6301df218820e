//! Dense linear algebra on the device: the kernel `J Jᵀ`, the Gauss-Newton systems and their factorization, and
//! vectors.
//!
//! Matrices are row-major; symmetric matrices use the lower triangle. Solvers exist in f32 and f64
//! ([`Real`](crate::Real)). Launches allocate nothing and copy nothing back, so all of them can be recorded.

mod cholesky;
mod gram;
mod kernel_system;
mod product;
mod vector;

pub use cholesky::Cholesky;
pub use gram::Gram;
pub use kernel_system::{PublishedSystem, factors_times, kernel_times, square_root, unit_directions};
pub use product::{Matrix, Product};
pub use vector::{axpy, clear, column_norms, copy, dot, dot_workspace, norm, scale};
