//! What follows an operation in the same pass over its output: a residual connection and a rectifier.

use super::rectified;
use crate::Scalar;
use crate::lane::Lane;
use crate::lane::slices::{stream, stream_in_place};
use crate::simd::{Kernel, dispatch};

/// The sum and the rectifier after an operation: `y ← max(y + residual, 0)`, of which each part may be absent.
#[derive(Clone, Copy)]
pub(crate) struct Finish<'a, T> {
    /// The value that is added.
    pub residual: Option<&'a [Lane<T>]>,
    /// Whether the sum is rectified.
    pub rectified: bool,
}

impl<T: Scalar> Finish<'_, T> {
    /// Finishes an operation that has written `y`.
    pub(crate) fn apply(self, y: &mut [Lane<T>]) {
        if self.residual.is_some() || self.rectified {
            dispatch(InPlace { finish: self, y });
        }
    }
}

struct InPlace<'a, T> {
    finish: Finish<'a, T>,
    y: &'a mut [Lane<T>],
}

impl<T: Scalar> Kernel for InPlace<'_, T> {
    #[inline(always)]
    fn run(self) {
        let Finish { residual, rectified: rectifies } = self.finish;
        match residual {
            Some(x) if rectifies => stream(self.y, x, x, |y, x, _| *y = rectified(*y + x)),
            Some(x) => stream(self.y, x, x, |y, x, _| *y += x),
            None => stream_in_place(self.y, |y| *y = rectified(*y)),
        }
    }
}
