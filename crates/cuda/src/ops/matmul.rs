//! Products of matrices that are both values of the network, as in attention.
//!
//! Neighbouring numbers of a value belong to neighbouring images, so a matrix of one image is scattered. The kernel multiplies it as
//! it lies. The device's library takes matrices whose rows are together, so products by it have their values transposed before and
//! after, in a workspace.

use super::transpose;
use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::linalg::{self, Product};
use crate::slice::Slice;
use crate::{Columns, CudaError, Write};

/// The least number of multiply-adds for each number of the three matrices with which the library computes a product. The kernel
/// reads two numbers from memory for four multiply-adds, and transpositions move each number two or three times.
const REUSE: usize = 32;

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
    /// The numbers of the two factors and of the product, of one image.
    fn features(&self) -> [usize; 3] {
        let Self { batch, rows, inner, columns, .. } = *self;
        [batch * rows * inner, batch * inner * columns, batch * rows * columns]
    }

    /// Whether the device's library computes the product and its derivatives.
    fn is_by_library<D: Device>(&self, device: &D, images: usize) -> bool {
        let product = Product { batch: self.batch, rows: self.rows, inner: self.inner, columns: self.columns };
        let is_dense = product.multiply_adds() >= REUSE * self.features().iter().sum::<usize>();
        is_dense && Product { batch: self.batch * images, ..product }.is_by_library(device)
    }

    /// The size of the workspace of each method: room for the transposed values, if the device's library computes the products.
    #[must_use]
    pub fn workspace<D: Device>(&self, device: &D, columns: Columns) -> usize {
        let numbers = self.features().iter().sum::<usize>() * columns.count();
        if self.is_by_library(device, columns.images) { numbers } else { 0 }
    }

    /// `y = scale · a b`, stored or added: the forward pass with two values, and a term of the jvp with a value and a tangent.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if a slice has the wrong length, and a [`CudaError`] if the launch fails.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn product<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        a: Factor<'_, D>,
        b: Factor<'_, D>,
        y: Slice<'_, D, f32>,
        write: Write,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (a, b) = (self.first(a, false), self.second(b, false));
        self.run(device, columns, a, b, [self.rows, self.inner, self.columns], y, write, workspace)
    }

    /// `da = scale · dy bᵀ`, the cotangent of the first matrices.
    ///
    /// # Errors
    /// Returns the errors of [`product`](Self::product).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn vjp_first<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        b: Factor<'_, D>,
        dy: Slice<'_, D, f32>,
        da: Slice<'_, D, f32>,
        write: Write,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (dy, b) = (self.of_output(dy), self.second(b, true));
        self.run(device, columns, dy, b, [self.rows, self.columns, self.inner], da, write, workspace)
    }

    /// `db = scale · aᵀ dy`, the cotangent of the second matrices.
    ///
    /// # Errors
    /// Returns the errors of [`product`](Self::product).
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    pub fn vjp_second<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        a: Factor<'_, D>,
        dy: Slice<'_, D, f32>,
        db: Slice<'_, D, f32>,
        write: Write,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (a, dy) = (self.first(a, true), self.of_output(dy));
        self.run(device, columns, a, dy, [self.inner, self.rows, self.columns], db, write, workspace)
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
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        const TILE: usize = 4;
        let count = columns.count();
        let left = a.check("matmul: the first factor", self.batch * rows * inner, columns)?;
        let right = b.check("matmul: the second factor", self.batch * inner * across, columns)?;
        check_tensor("matmul: the product", to, self.batch * rows * across, count)?;
        workspace.check("matmul: workspace", self.workspace(device, columns))?;
        if !workspace.is_empty() {
            let product = Product { batch: self.batch * columns.images, rows, inner, columns: across };
            return self.by_library(device, columns, product, [(&a, left), (&b, right)], to, write, workspace);
        }
        let launch = Launch::of("matmul_product").slice(left).slice(right).slice(to).ints([columns.images, count]);
        let launch = launch.flag(a.has_directions()).flag(b.has_directions()).flag(write.adds());
        let launch = launch.ints([rows, inner, across]).ints(a.steps()).ints(b.steps()).float(self.scale);
        let tiles = self.batch * rows.div_ceil(TILE) * across.div_ceil(TILE);
        launch.run(device, Grid::over_columns(tiles, count, 1))
    }

    /// The product by the device's library, one call for each direction. `product` has the matrices of all images.
    #[expect(clippy::too_many_arguments, reason = "what it takes, each of another kind")]
    fn by_library<D: Device>(
        &self,
        device: &D,
        columns: Columns,
        product: Product,
        factors: [(&Matrix<'_, D>, Slice<'_, D, f32>); 2],
        to: Slice<'_, D, f32>,
        write: Write,
        workspace: Slice<'_, D, f32>,
    ) -> Result<(), CudaError> {
        let (images, count) = (columns.images, columns.count());
        let mut free = workspace;
        let mut taken = |len: usize| {
            let own = free.part(0..len)?;
            free = free.part(len..free.len())?;
            Ok::<_, CudaError>(own)
        };
        let mut turned = Vec::new();
        for (matrix, numbers) in factors {
            let own_columns = if matrix.has_directions() { count } else { images };
            let own = taken(numbers.len())?;
            transpose(device, [numbers.len() / own_columns.max(1), own_columns], numbers, own, Write::Store)?;
            turned.push(own);
        }
        let products = taken(to.len())?;
        for direction in 0..columns.directions {
            let of_images = |len: usize, has_directions: bool| {
                let own = if has_directions { len / columns.directions } else { len };
                let first = if has_directions { direction * own } else { 0 };
                first..first + own
            };
            let stride = |numbers: Slice<'_, D, f32>| numbers.len() / product.batch.max(1);
            let mut operands = Vec::new();
            for ((matrix, _), &numbers) in factors.iter().zip(&turned) {
                let own = numbers.part(of_images(numbers.len(), matrix.has_directions()))?;
                let stored = linalg::Matrix::new(own, matrix.stored).each(stride(own));
                operands.push(if matrix.transposed { stored.transpose() } else { stored });
            }
            let own = products.part(of_images(products.len(), true))?;
            let own = linalg::Matrix::new(own, product.columns).each(stride(own));
            if let [left, right] = operands[..] {
                product.multiply(device, self.scale, left, right, own, Write::Store)?;
            }
        }
        transpose(device, [count, to.len() / count.max(1)], products, to, write)
    }
}
