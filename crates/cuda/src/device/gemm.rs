//! Checks and counts of products by a library of linear algebra.

use super::interface::{Device, Gemm, Memory, Operand, Syrk};
use crate::CudaError;

/// The least number of multiply-adds of a product that is left to a library. Below it, a GPU waits for launches and memory, and a
/// product by a kernel has no second launch for a bias or a gate. An estimate: 2²⁴ take an H100 half a microsecond at least.
pub const LARGE_PRODUCT: usize = 1 << 24;

/// The name of a [`Gemm`] in errors and plans.
pub(super) const GEMM: &str = "cublas_gemm";
/// The name of a [`Syrk`] in errors and plans.
pub(super) const SYRK: &str = "cublas_syrk";

impl<D: Device> Gemm<'_, D> {
    /// Rows and columns of A, B and C as they are stored.
    fn stored(&self) -> [[usize; 2]; 3] {
        let [m, n, k] = self.size;
        let [a, b] = self.transposed;
        [if a { [k, m] } else { [m, k] }, if b { [n, k] } else { [k, n] }, [m, n]]
    }

    /// Checks that the matrices lie within their buffers.
    pub(super) fn check(&self) -> Result<(), CudaError> {
        for (operand, shape) in self.operands.iter().zip(self.stored()) {
            operand.check(GEMM, shape, self.batch)?;
        }
        let [.., c] = &self.operands;
        if self.batch > 1 && c.stride == 0 {
            return Err(refused(GEMM, "a batch of products in one place", "one place for each"));
        }
        self.size.iter().chain([&self.batch]).try_for_each(|&size| checked_int(GEMM, size).map(drop))
    }

    /// Bytes of the three operands, each matrix once.
    pub(super) fn bytes(&self) -> u64 {
        let of = |(operand, [rows, columns]): (&Operand<'_, D>, [usize; 2])| {
            let matrices = if operand.stride == 0 { 1 } else { self.batch };
            4 * (rows * columns * matrices) as u64
        };
        self.operands.iter().zip(self.stored()).map(of).sum()
    }

    /// Operations. A multiply-add counts as two.
    pub(super) fn operations(&self) -> u64 {
        let [m, n, k] = self.size.map(|size| size as u64);
        2 * m * n * k * self.batch as u64
    }
}

impl<D: Device> Syrk<'_, D> {
    /// Checks that the matrices lie within their buffers.
    pub(super) fn check(&self) -> Result<(), CudaError> {
        let [n, k] = self.size;
        let [a, c] = &self.operands;
        a.check(SYRK, [n, k], 1)?;
        c.check(SYRK, [n, n], 1)?;
        self.size.iter().try_for_each(|&size| checked_int(SYRK, size).map(drop))
    }

    /// Bytes of both operands. Half of C is written.
    pub(super) fn bytes(&self) -> u64 {
        let [n, k] = self.size;
        4 * (n * k + n * (n + 1) / 2) as u64
    }

    /// Operations. A multiply-add counts as two.
    pub(super) fn operations(&self) -> u64 {
        let [n, k] = self.size.map(|size| size as u64);
        n * (n + 1) * k
    }
}

impl<D: Device> Operand<'_, D> {
    fn check(&self, call: &'static str, [rows, columns]: [usize; 2], batch: usize) -> Result<(), CudaError> {
        let len = self.buffer.len();
        if self.offset.checked_add(self.count).is_none_or(|end| end > len) {
            let found = format!("{} numbers at {}", self.count, self.offset);
            return Err(refused(call, &found, &format!("at most its {len} numbers")));
        }
        if rows == 0 || columns == 0 || batch == 0 || self.leading < rows {
            let found = format!("{batch} matrices of {rows} × {columns}, columns {} apart", self.leading);
            return Err(refused(call, &found, "positive sizes, and columns that do not overlap"));
        }
        checked_int(call, self.leading)?;
        let last = [(batch - 1, self.stride), (columns - 1, self.leading)];
        let mut last = last.into_iter().map(|(number, apart)| number.checked_mul(apart));
        let end = last.try_fold(rows, |end, more| end.checked_add(more?));
        if end.is_none_or(|end| end > self.count) {
            let found = format!("{batch} matrices of {rows} × {columns} in {} numbers", self.count);
            return Err(refused(call, &found, "matrices within their numbers"));
        }
        Ok(())
    }
}

fn refused(call: &str, found: &str, expected: &str) -> CudaError {
    CudaError::Launch { kernel: call.to_owned(), found: found.to_owned(), expected: expected.to_owned() }
}

/// A size as the library takes it.
pub(super) fn checked_int(call: &'static str, size: usize) -> Result<i32, CudaError> {
    i32::try_from(size).map_err(|_| CudaError::TooLarge { what: call, found: size, limit: i32::MAX as usize })
}
