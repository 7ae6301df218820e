//! Dense linear algebra on the device: the kernel `J Jᵀ`, the Gauss-Newton systems and their factorization, vectors.
//!
//! Matrices are row-major; of symmetric ones the lower triangle counts. What solves a system exists in f32 and f64
//! ([`Real`](crate::Real)). Nothing is allocated and nothing comes back: all launches can be recorded.

mod cholesky;
mod gram;
mod kernel_system;
mod vector;

pub use cholesky::Cholesky;
pub use gram::Gram;
pub use kernel_system::{PublishedSystem, factors_times, kernel_times, square_root, unit_directions};
pub use vector::{axpy, clear, column_norms, copy, dot, dot_workspace, norm, scale};
