//! cuBLAS, which is looked for when the program runs. Without it, this crate's kernels compute all products.
//!
//! The same call gives the same bits each time: all calls use one stream and one workspace, and atomic additions are off, as they
//! are unless a program asks for them (NVIDIA, "cuBLAS", sections 2.1.4 and 2.4). The workspace is ours, so that calls
//! can be recorded.

use crate::device::gemm::checked_int;
use crate::device::interface::{Device, Gemm, Syrk};
use crate::{CudaError, Missing};
use cudarc::cublas::result::CublasError;
use cudarc::cublas::sys::{self, cublasFillMode_t, cublasMath_t, cublasOperation_t, libraryPropertyType_t};
use std::ffi::c_int;
use std::ptr;

#[cfg(test)]
mod tests;

/// The major version of the oldest supported cuBLAS.
const OLDEST: i32 = 12;

/// Bytes of the workspace, as NVIDIA recommends for Hopper and newer devices.
pub(super) const WORKSPACE: usize = 32 << 20;

/// How a GPU multiplies large matrices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Products {
    /// By cuBLAS in `f32`, if it is installed, and otherwise by this crate's kernels.
    #[default]
    Library,
    /// By this crate's kernels.
    Kernels,
    /// By cuBLAS in TF32, which keeps 10 bits of each factor's mantissa. Small products are in `f32`.
    Tf32,
}

/// The version of cuBLAS, (major, minor).
///
/// # Errors
///
/// Returns [`CudaError::Missing`] if it is not installed, or too old.
pub fn version() -> Result<(i32, i32), CudaError> {
    let missing = |found: String| CudaError::Missing { missing: Missing::Cublas, found };
    // SAFETY: this opens shared libraries by cuBLAS's names, which only run their own initialization.
    if !unsafe { sys::is_culib_present() } {
        return Err(missing("no shared library libcublas (cublas64_… on Windows) can be loaded".to_owned()));
    }
    let property = |which| {
        let mut value: c_int = 0;
        // SAFETY: the library is present, has this function since version 9, and the pointer is to an integer of ours.
        unsafe { sys::cublasGetProperty(which, &mut value) }
            .result()
            .map(|()| value)
            .map_err(|error| missing(format!("a libcublas that does not tell its version ({error})")))
    };
    let major = property(libraryPropertyType_t::MAJOR_VERSION)?;
    let minor = property(libraryPropertyType_t::MINOR_VERSION)?;
    if major < OLDEST {
        return Err(missing(format!("libcublas {major}.{minor}, and {OLDEST}.0 or newer is needed")));
    }
    Ok((major, minor))
}

/// A handle of cuBLAS, for one stream.
pub(super) struct Handle(sys::cublasHandle_t);

// SAFETY: a handle belongs to no thread. Its owner serializes the calls, and makes the context current before each.
unsafe impl Send for Handle {}

/// The first numbers of the operands of a product, as addresses of the device's memory.
pub(super) type Addresses<const N: usize> = [u64; N];

impl Handle {
    /// A handle for a stream, with a workspace of [`WORKSPACE`] bytes, which multiplies in `f32`, or with `tf32` in NVIDIA's TF32.
    ///
    /// # Safety
    ///
    /// The context of the stream must be current. The stream and the workspace must outlive the handle, and nothing else may
    /// use the workspace.
    pub unsafe fn new(stream: sys::cudaStream_t, workspace: u64, tf32: bool) -> Result<Self, CudaError> {
        version()?;
        let failed = |error| failed("opening cuBLAS", error);
        let mut handle: sys::cublasHandle_t = ptr::null_mut();
        // SAFETY: the library is present, and the pointer is to a pointer of ours.
        unsafe { sys::cublasCreate_v2(&mut handle) }.result().map_err(failed)?;
        let handle = Self(handle);
        // Pedantic arithmetic is `f32` throughout, whatever the environment asks for.
        let mode = if tf32 { cublasMath_t::CUBLAS_TF32_TENSOR_OP_MATH } else { cublasMath_t::CUBLAS_PEDANTIC_MATH };
        // SAFETY: the handle was created above, and the caller vouches for the stream and the workspace. A change of the stream
        // withdraws the workspace, so the workspace follows it.
        unsafe {
            sys::cublasSetStream_v2(handle.0, stream).result().map_err(failed)?;
            sys::cublasSetWorkspace_v2(handle.0, address(workspace), WORKSPACE).result().map_err(failed)?;
            sys::cublasSetMathMode(handle.0, mode).result().map_err(failed)?;
        }
        Ok(handle)
    }

    /// Adds a product to the stream.
    ///
    /// # Safety
    ///
    /// The context of the stream must be current. The addresses must be those of the product's operands, which
    /// [`Gemm::check`] has checked, and stay allocated until the stream has come here.
    pub unsafe fn gemm<D: Device>(&self, product: &Gemm<'_, D>, at: Addresses<3>) -> Result<(), CudaError> {
        const CALL: &str = "cublasSgemmStridedBatched";
        let [m, n, k] = product.size;
        let [a, b, c] = &product.operands;
        let [a_op, b_op] = product.transposed.map(operation);
        let int = |size| checked_int(CALL, size);
        let stride = |stride| i64::try_from(stride).unwrap_or(i64::MAX);
        let ([a_at, b_at, c_at], alpha, beta) = (at.map(address::<f32>), product.alpha, product.beta);
        // SAFETY: the handle is valid, alpha and beta are read before the call returns, and the caller vouches for the rest.
        let status = unsafe {
            sys::cublasSgemmStridedBatched(
                self.0,
                a_op,
                b_op,
                int(m)?,
                int(n)?,
                int(k)?,
                &alpha,
                a_at,
                int(a.leading)?,
                stride(a.stride),
                b_at,
                int(b.leading)?,
                stride(b.stride),
                &beta,
                c_at,
                int(c.leading)?,
                stride(c.stride),
                int(product.batch)?,
            )
        };
        status.result().map_err(|error| failed(CALL, error))
    }

    /// Adds a product of a matrix with its transpose to the stream.
    ///
    /// # Safety
    ///
    /// See [`gemm`](Self::gemm).
    pub unsafe fn syrk<D: Device>(&self, product: &Syrk<'_, D>, at: Addresses<2>) -> Result<(), CudaError> {
        const CALL: &str = "cublasSsyrk";
        let ([n, k], [a, c]) = (product.size, &product.operands);
        let int = |size| checked_int(CALL, size);
        let ([a_at, c_at], alpha, beta) = (at.map(address::<f32>), 1.0, product.beta);
        // SAFETY: as above.
        let status = unsafe {
            sys::cublasSsyrk_v2(
                self.0,
                cublasFillMode_t::CUBLAS_FILL_MODE_UPPER,
                cublasOperation_t::CUBLAS_OP_N,
                int(n)?,
                int(k)?,
                &alpha,
                a_at,
                int(a.leading)?,
                &beta,
                c_at,
                int(c.leading)?,
            )
        };
        status.result().map_err(|error| failed(CALL, error))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle was created by cuBLAS and is destroyed once. A failure at worst leaks it.
        let _ = unsafe { sys::cublasDestroy_v2(self.0) };
    }
}

fn operation(transposed: bool) -> cublasOperation_t {
    if transposed { cublasOperation_t::CUBLAS_OP_T } else { cublasOperation_t::CUBLAS_OP_N }
}

/// An address of the device's memory as cuBLAS takes it.
fn address<T>(at: u64) -> *mut T {
    ptr::with_exposed_provenance_mut(usize::try_from(at).unwrap_or(0))
}

fn failed(doing: &str, error: CublasError) -> CudaError {
    CudaError::Driver { doing: doing.to_owned(), report: error.to_string() }
}
