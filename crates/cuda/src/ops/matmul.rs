//! Products of matrices that are both values of the network, as in attention.

use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// `c[n] = scale · a[n] b[n]` for `batch` pairs of matrices `(rows, inner)` and `(inner, columns)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matmul {
    /// The number of pairs.
    pub batch: usize,
    /// Rows of the first matrix.
    pub rows: usize,
    /// Columns of the first matrix.
    pub inner: usize,
    /// Columns of the second matrix.
    pub columns: usize,
    /// The factor of the product.
    pub scale: f64,
}

/// A factor of a product: one column for each image, or for each direction of each image.
pub enum Factor<'a, D: Device> {
    /// The same for every direction: a value.
    OfImages(Slice<'a, D, f32>),
    /// One for each column: a tangent or cotangent.
    OfColumns(Slice<'a, D, f32>),
}

impl<D: Device> Clone for Factor<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Device> Copy for Factor<'_, D> {}

/// A matrix of a product: its factor, its sizes, and whether it is read transposed.
struct Matrix<'a, D: Device> {
    factor: Factor<'a, D>,
    /// Columns as it is stored.
    stored: usize,
    transposed: bool,
}

impl<'a, D: Device> Matrix<'a, D> {
    fn check(&self, what: &'static str, features: usize, columns: Columns) -> Result<Slice<'a, D, f32>, CudaError> {
        let (slice, count) = match self.factor {
            Factor::OfImages(slice) => (slice, columns.images),
            Factor::OfColumns(slice) => (slice, columns.count()),
        };
        check_tensor(what, slice, features, count).map(|()| slice)
    }

    fn has_directions(&self) -> bool {
        matches!(self.factor, Factor::OfColumns(_))
    }

    /// The distances of entries in neighbouring rows and columns.
    fn steps(&self) -> [usize; 2] {
        if self.transposed { [1, self.stored] } else { [self.stored, 1] }
    }
}

impl Matmul {
    /// `y = scale · a b`, stored or added: the forward pass with two values, and a term of the jvp with a value and a tangent.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    pub fn product<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        a: Factor<'_, D>,
        b: Factor<'_, D>,
        y: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let (a, b) = (self.first(a, false), self.second(b, false));
        self.run(device, columns, a, b, [self.rows, self.inner, self.columns], y, write)
    }

    /// `da = scale · dy bᵀ`, the cotangent of the first matrices.
    ///
    /// # Errors
    /// Returns the errors of [`product`](Self::product).
    pub fn vjp_first<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        b: Factor<'_, D>,
        dy: Slice<'_, D, f32>,
        da: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let (dy, b) = (self.of_output(dy), self.second(b, true));
        self.run(device, columns, dy, b, [self.rows, self.columns, self.inner], da, write)
    }

    /// `db = scale · aᵀ dy`, the cotangent of the second matrices.
    ///
    /// # Errors
    /// Returns the errors of [`product`](Self::product).
    pub fn vjp_second<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        a: Factor<'_, D>,
        dy: Slice<'_, D, f32>,
        db: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        let (a, dy) = (self.first(a, true), self.of_output(dy));
        self.run(device, columns, a, dy, [self.inner, self.rows, self.columns], db, write)
    }

    fn first<'a, D: Device>(&self, factor: Factor<'a, D>, transposed: bool) -> Matrix<'a, D> {
        Matrix { factor, stored: self.inner, transposed }
    }

    fn second<'a, D: Device>(&self, factor: Factor<'a, D>, transposed: bool) -> Matrix<'a, D> {
        Matrix { factor, stored: self.columns, transposed }
    }

    fn of_output<'a, D: Device>(&self, dy: Slice<'a, D, f32>) -> Matrix<'a, D> {
        Matrix { factor: Factor::OfColumns(dy), stored: self.columns, transposed: false }
    }

    /// `to = scale · a b` with a `(rows, inner)` and b `(inner, across)`, as they are read.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    fn run<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        a: Matrix<'_, D>,
        b: Matrix<'_, D>,
        [rows, inner, across]: [usize; 3],
        to: Slice<'_, D, f32>,
        write: Write,
    ) -> Result<(), CudaError> {
        const TILE: usize = 4;
        let count = columns.count();
        let left = a.check("matmul: the first factor", self.batch * rows * inner, columns)?;
        let right = b.check("matmul: the second factor", self.batch * inner * across, columns)?;
        check_tensor("matmul: the product", to, self.batch * rows * across, count)?;
        let launch = Launch::of("matmul_product").slice(left).slice(right).slice(to).ints([columns.images, count]);
        let launch = launch.flag(a.has_directions()).flag(b.has_directions()).flag(write.adds());
        let launch = launch.ints([rows, inner, across]).ints(a.steps()).ints(b.steps()).float(self.scale);
        let tiles = self.batch * rows.div_ceil(TILE) * across.div_ceil(TILE);
        launch.run(device, Grid::over_columns(tiles, count, 1))
    }
}
