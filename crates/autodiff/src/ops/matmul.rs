//! `y[n] = s · a[n] b[n]`: for every index n of the leading axes, the product of two matrices, both values of the network.
//!
//! - vjp: `ȧ[n] = s · ẏ[n] b[n]ᵀ`, `ḃ[n] = s · a[n]ᵀ ẏ[n]`
//! - jvp: `ẏ[n] = s · (ȧ[n] b[n] + a[n] ḃ[n])`

use super::{At, Operation, Scratch, SecondOrder, Write};
use crate::Scalar;
use crate::lane::Lane;
use crate::lane::registers::parts;
use crate::simd::{VectorKernel, vectorize};
use pulp::Simd;

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

/// A matrix within lanes: entry `(i, j)` is at `i · steps[0] + j · steps[1]`, and one of the steps is 1.
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

/// `N` neighbouring rows of a matrix, entry by entry.
trait Strip<T, const N: usize>: Copy {
    /// Entry l of each row.
    fn at(&self, l: usize) -> [&Lane<T>; N];
}

/// Rows that lie one after another.
#[derive(Clone, Copy)]
struct Contiguous<'a, T, const N: usize>([&'a [Lane<T>]; N]);

impl<T: Copy, const N: usize> Strip<T, N> for Contiguous<'_, T, N> {
    #[inline(always)]
    fn at(&self, l: usize) -> [&Lane<T>; N] {
        std::array::from_fn(|r| &self.0[r][l])
    }
}

/// Rows whose entries lie side by side, `step` lanes apart from entry to entry.
#[derive(Clone, Copy)]
struct Interleaved<'a, T> {
    lanes: &'a [Lane<T>],
    step: usize,
}

impl<T: Copy, const N: usize> Strip<T, N> for Interleaved<'_, T> {
    #[inline(always)]
    fn at(&self, l: usize) -> [&Lane<T>; N] {
        let lanes = &self.lanes[l * self.step..][..N];
        std::array::from_fn(|r| &lanes[r])
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

impl<T: Scalar> VectorKernel for Product<'_, T> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let [rows, _, columns] = self.sizes;
        let most = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
        let mut i = 0;
        while i < rows {
            let tall = if i + most <= rows { most } else { 1 };
            let mut j = 0;
            while j < columns {
                let wide = if j + 4 <= columns { 4 } else { 1 };
                match (tall, wide) {
                    (4, 4) => self.strips::<S, 4, 4>(simd, i, j),
                    (4, _) => self.strips::<S, 4, 1>(simd, i, j),
                    (2, 4) => self.strips::<S, 2, 4>(simd, i, j),
                    (2, _) => self.strips::<S, 2, 1>(simd, i, j),
                    (_, 4) => self.strips::<S, 1, 4>(simd, i, j),
                    _ => self.strips::<S, 1, 1>(simd, i, j),
                }
                j += wide;
            }
            i += tall;
        }
    }
}

impl<T: Scalar> Product<'_, T> {
    /// Entries `(i..i + I, j..j + J)`, by the layouts of both matrices.
    #[inline(always)]
    fn strips<S: Simd, const I: usize, const J: usize>(&mut self, simd: S, i: usize, j: usize) {
        let inner = self.sizes[1];
        let (a, b) = (self.a, self.b.transposed());
        match (a.steps[1] == 1, b.steps[1] == 1) {
            (true, true) => self.tile(simd, [i, j], contiguous::<T, I>(a, i, inner), contiguous::<T, J>(b, j, inner)),
            (true, false) => self.tile::<S, I, J>(simd, [i, j], contiguous::<T, I>(a, i, inner), interleaved(b, j)),
            (false, true) => self.tile::<S, I, J>(simd, [i, j], interleaved(a, i), contiguous::<T, J>(b, j, inner)),
            (false, false) => self.tile::<S, I, J>(simd, [i, j], interleaved(a, i), interleaved(b, j)),
        }
    }

    /// Entries `(i..i + I, j..j + J)` in registers.
    #[inline(always)]
    fn tile<S: Simd, const I: usize, const J: usize>(
        &mut self,
        simd: S,
        [i, j]: [usize; 2],
        a: impl Strip<T, I>,
        b: impl Strip<T, J>,
    ) {
        let [_, inner, columns] = self.sizes;
        let scale = T::splat(simd, self.scale);
        for part in 0..parts::<T, S>() {
            let mut sums = [[T::splat(simd, T::zero()); J]; I];
            for l in 0..inner {
                let a = a.at(l).map(|a| a.part::<S>(part));
                let b = b.at(l).map(|b| b.part::<S>(part));
                for (sums, &a) in sums.iter_mut().zip(&a) {
                    for (sum, &b) in sums.iter_mut().zip(&b) {
                        *sum = T::fma(simd, a, b, *sum);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                for (to, &sum) in self.c[(i + r) * columns + j..][..J].iter_mut().zip(sums) {
                    let product = T::times(simd, sum, scale);
                    to.set_part::<S>(
                        part,
                        match self.write {
                            Write::Store => product,
                            Write::Add => T::plus(simd, to.part::<S>(part), product),
                        },
                    );
                }
            }
        }
    }
}

#[inline(always)]
fn contiguous<'a, T, const N: usize>(rows: Matrix<'a, T>, first: usize, inner: usize) -> Contiguous<'a, T, N> {
    Contiguous(std::array::from_fn(|r| &rows.lanes[(first + r) * rows.steps[0]..][..inner]))
}

#[inline(always)]
fn interleaved<'a, T>(rows: Matrix<'a, T>, first: usize) -> Interleaved<'a, T> {
    Interleaved { lanes: &rows.lanes[first..], step: rows.steps[1] }
}

impl Matmul {
    /// `y[n] ← s · a[n] b[n]`, or adds to it.
    fn product<T: Scalar>(&self, a: &[Lane<T>], b: &[Lane<T>], y: &mut [Lane<T>], write: Write) {
        let Self { rows, inner, columns, .. } = *self;
        let matrices = a.chunks_exact(rows * inner).zip(b.chunks_exact(inner * columns));
        for ((a, b), c) in matrices.zip(y.chunks_exact_mut(rows * columns)) {
            let (a, b) = (Matrix::new(a, inner), Matrix::new(b, columns));
            vectorize(Product { a, b, sizes: [rows, inner, columns], scale: T::from_f64(self.scale), c, write });
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
                vectorize(Product { a, b, sizes: [rows, columns, inner], scale, c, write });
            }
        } else {
            let others = at.x[0].chunks_exact(rows * inner).map(|a| Matrix::new(a, inner).transposed());
            for ((a, b), c) in others.zip(cotangents).zip(dx.chunks_exact_mut(inner * columns)) {
                vectorize(Product { a, b, sizes: [inner, rows, columns], scale, c, write });
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
