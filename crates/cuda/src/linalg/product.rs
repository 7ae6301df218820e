//! Products of matrices by the library of a device, for products that are large enough.

use crate::device::{Device, Gemm, Syrk};
use crate::slice::Slice;
use crate::{CudaError, Write};

/// Sizes of products `(rows, inner) · (inner, columns)`, one for each matrix of a batch.
///
/// A product is left to the device's library if it is large, and is otherwise computed by the kernel of its operation. The device
/// and the sizes alone decide ([`Device::products_from`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// The number of products.
    pub batch: usize,
    /// Rows of the first factor and of the product.
    pub rows: usize,
    /// Columns of the first factor and rows of the second one.
    pub inner: usize,
    /// Columns of the second factor and of the product.
    pub columns: usize,
}

/// Row-major matrices.
pub struct Matrix<'a, D: Device> {
    /// The numbers, from the first one of the first matrix on.
    pub numbers: Slice<'a, D, f32>,
    /// The distance from one row to the next, as it is stored.
    pub step: usize,
    /// The distance from one matrix of a batch to the next; 0 if all products share one matrix.
    pub stride: usize,
    /// Whether a factor is the transpose of the stored matrix.
    pub transposed: bool,
}

impl<D: Device> Clone for Matrix<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Matrix<'_, D> {}

impl<'a, D: Device> Matrix<'a, D> {
    /// One matrix with rows of `step` numbers.
    #[must_use]
    pub fn new(numbers: Slice<'a, D, f32>, step: usize) -> Self {
        Self { numbers, step, stride: 0, transposed: false }
    }

    /// The matrices of a batch, `stride` numbers apart.
    #[must_use]
    pub fn each(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    /// The transpose.
    #[must_use]
    pub fn transpose(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }
}

impl Product {
    /// The number of multiply-adds.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        [self.rows, self.inner, self.columns].into_iter().fold(self.batch, usize::saturating_mul)
    }

    /// Whether the device's library computes it.
    #[must_use]
    pub fn is_by_library<D: Device>(&self, device: &D) -> bool {
        let count = self.multiply_adds();
        count > 0 && device.products_from().is_some_and(|least| count >= least)
    }

    /// `to = scale · left · right`, stored or added, by the device's library. `to` is not transposed.
    ///
    /// # Errors
    /// Returns [`CudaError::Launch`] if a matrix is empty or reaches beyond its numbers, and a [`CudaError`] if the device has no
    /// library or fails.
    pub fn multiply<D: Device>(
        &self,
        device: &D,
        scale: f64,
        left: Matrix<'_, D>,
        right: Matrix<'_, D>,
        to: Matrix<'_, D>,
        write: Write,
    ) -> Result<(), CudaError> {
        // Row-major numbers are the transposed matrix in column-major order, and (left right)' = right' left'.
        device.gemm(&Gemm {
            size: [self.columns, self.rows, self.inner],
            transposed: [right.transposed, left.transposed],
            batch: self.batch,
            alpha: scale as f32,
            beta: if write.adds() { 1.0 } else { 0.0 },
            operands: [right, left, to].map(|matrix| matrix.numbers.operand(matrix.step, matrix.stride)),
        })
    }

    /// The sizes of `Uᵀ U` for u `[row][column]`.
    #[must_use]
    pub fn of_gram(rows: usize, columns: usize) -> Self {
        Self { batch: 1, rows: columns, inner: rows, columns }
    }
}

/// The lower triangle of `to = Uᵀ U`, stored or added, by the device's library, for u `[row][order]`. Nothing is written above the
/// diagonal.
///
/// # Errors
/// Returns the errors of [`Product::multiply`].
pub(super) fn gram_by_library<D: Device>(
    device: &D,
    u: Slice<'_, D, f32>,
    [rows, order]: [usize; 2],
    to: Slice<'_, D, f32>,
    write: Write,
) -> Result<(), CudaError> {
    // In column-major order U is its transpose, and the lower triangle is the upper one.
    let beta = if write.adds() { 1.0 } else { 0.0 };
    device.syrk(&Syrk { size: [order, rows], beta, operands: [u.operand(order, 0), to.operand(order, 0)] })
}
