//! `y[n] = s · a[n] b[n]`: for every index n of the leading axes, the product of two matrices, both values of the network.
//!
//! - vjp: `ȧ[n] = s · ẏ[n] b[n]ᵀ`, `ḃ[n] = s · a[n]ᵀ ẏ[n]`
//! - jvp: `ẏ[n] = s · (ȧ[n] b[n] + a[n] ḃ[n])`

use super::{At, Operation, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::Lane;
use crate::simd::{Kernel, dispatch};

/// Products of matrices, `(batch, rows, inner)` and `(batch, inner, columns)`.
#[derive(Clone, Debug)]
pub(crate) struct Matmul {
    /// The product of the leading axes.
    pub batch: usize,
    /// Rows of a and of y.
    pub rows: usize,
    /// Columns of a and rows of b.
    pub inner: usize,
    /// Columns of b and of y.
    pub columns: usize,
    /// s.
    pub scale: f64,
}

/// A matrix within lanes: entry `(i, j)` is at `i · steps[0] + j · steps[1]`.
#[derive(Clone, Copy)]
struct Matrix<'a, T> {
    lanes: &'a [Lane<T>],
    steps: [usize; 2],
}

impl<'a, T> Matrix<'a, T> {
    /// A row-major matrix with this number of columns.
    fn new(lanes: &'a [Lane<T>], columns: usize) -> Self {
        Self { lanes, steps: [columns, 1] }
    }

    fn transposed(self) -> Self {
        let [down, across] = self.steps;
        Self { steps: [across, down], ..self }
    }
}

/// `c ← scale · a b`, or adds to it, for `c` row-major `(rows, columns)`.
struct Product<'a, T> {
    a: Matrix<'a, T>,
    b: Matrix<'a, T>,
    /// Rows, inner size and columns.
    sizes: [usize; 3],
    scale: T,
    c: &'a mut [Lane<T>],
    write: Write,
}

impl<T: Scalar> Kernel for Product<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let [rows, _, columns] = self.sizes;
        let mut i = 0;
        while i < rows {
            let pair = i + 2 <= rows;
            let mut j = 0;
            while j < columns {
                let four = j + 4 <= columns;
                match (pair, four) {
                    (true, true) => self.tile::<2, 4>(i, j),
                    (true, false) => self.tile::<2, 1>(i, j),
                    (false, true) => self.tile::<1, 4>(i, j),
                    (false, false) => self.tile::<1, 1>(i, j),
                }
                j += if four { 4 } else { 1 };
            }
            i += if pair { 2 } else { 1 };
        }
    }
}

impl<T: Scalar> Product<'_, T> {
    /// Entries `(i..i + I, j..j + J)`.
    #[inline(always)]
    fn tile<const I: usize, const J: usize>(&mut self, i: usize, j: usize) {
        let [_, inner, columns] = self.sizes;
        let mut sums = [[Lane::zero(); J]; I];
        for l in 0..inner {
            let mut a = [Lane::zero(); I];
            for (r, a) in a.iter_mut().enumerate() {
                *a = self.a.lanes[(i + r) * self.a.steps[0] + l * self.a.steps[1]];
            }
            for c in 0..J {
                let b = self.b.lanes[l * self.b.steps[0] + (j + c) * self.b.steps[1]];
                for (sums, &a) in sums.iter_mut().zip(&a) {
                    sums[c] = sums[c].fma_lane(a, b);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (to, sum) in self.c[(i + r) * columns + j..][..J].iter_mut().zip(sums) {
                self.write.put(to, sum.map(|x| x * self.scale));
            }
        }
    }
}

impl Matmul {
    /// `y[n] ← s · a[n] b[n]`, or adds to it.
    fn product<T: Scalar>(&self, a: &[Lane<T>], b: &[Lane<T>], y: &mut [Lane<T>], write: Write) {
        let Self { rows, inner, columns, .. } = *self;
        let matrices = a.chunks_exact(rows * inner).zip(b.chunks_exact(inner * columns));
        for ((a, b), c) in matrices.zip(y.chunks_exact_mut(rows * columns)) {
            let (a, b) = (Matrix::new(a, inner), Matrix::new(b, columns));
            dispatch(Product { a, b, sizes: [rows, inner, columns], scale: T::from_f64(self.scale), c, write });
        }
    }
}

impl<T: Scalar> Operation<T> for Matmul {
    fn second_order(&self) -> SecondOrder<'_, T> {
        SecondOrder::Multilinear
    }

    fn forward(&self, _params: &[T], x: &[&[Lane<T>]], y: &mut [Lane<T>], _scratch: &mut Scratch<T>) {
        self.product(x[0], x[1], y, Write::Store);
    }

    fn vjp_input(
        &self,
        at: &At<'_, T>,
        which: usize,
        dy: &[Lane<T>],
        dx: &mut [Lane<T>],
        write: Write,
        _scratch: &mut Scratch<T>,
    ) {
        let Self { rows, inner, columns, .. } = *self;
        let scale = T::from_f64(self.scale);
        let cotangents = dy.chunks_exact(rows * columns).map(|dy| Matrix::new(dy, columns));
        if which == 0 {
            let others = at.x[1].chunks_exact(inner * columns).map(|b| Matrix::new(b, columns).transposed());
            for ((a, b), c) in cotangents.zip(others).zip(dx.chunks_exact_mut(rows * inner)) {
                dispatch(Product { a, b, sizes: [rows, columns, inner], scale, c, write });
            }
        } else {
            let others = at.x[0].chunks_exact(rows * inner).map(|a| Matrix::new(a, inner).transposed());
            for ((a, b), c) in others.zip(cotangents).zip(dx.chunks_exact_mut(inner * columns)) {
                dispatch(Product { a, b, sizes: [inner, rows, columns], scale, c, write });
            }
        }
    }

    fn jvp(
        &self,
        at: &At<'_, T>,
        dx: &[Option<&[Lane<T>]>],
        _dparams: Option<&[T]>,
        dy: &mut [Lane<T>],
        _scratch: &mut Scratch<T>,
    ) {
        let mut write = Write::Store;
        if let Some(da) = dx[0] {
            self.product(da, at.x[1], dy, write);
            write = Write::Add;
        }
        if let Some(db) = dx[1] {
            self.product(at.x[0], db, dy, write);
        } else if write == Write::Store {
            dy.fill(Lane::zero());
        }
    }
}
