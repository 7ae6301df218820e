//! Gram matrices of per-sample gradients, and the kernel `J Jᵀ`, without a Jacobian.
//!
//! The inner product of the gradients `Jᵢᵀ c` and `Jⱼᵀ d`, for cotangents `c` and `d` of single images' logits, is a
//! sum over layers. A dense layer with inputs `a` and output cotangents `δ` adds `(δᵢ·δⱼ)(aᵢ·aⱼ + 1)`, from two small
//! Gram matrices. A convolution has few parameters, so its per-sample gradients enter as a symmetric rank-k update.
//! If the gradients of all layers take much memory, groups of layers enter one after another.
//! (Function-space view of Gauss-Newton: Ren & Goldfarb 2019; Dangel, Tatzel & Hennig 2022.)

use crate::buffer::{Buffer, WorkMatrix};
use crate::graph::{Graph, Node};
use crate::lane::LANES;
use crate::layer_groups::{LAYER_GROUP_BYTES, LayerGroup};
use crate::linearization::Linearization;
use crate::ops::{KernelForm, Parametrised};
use crate::{AutodiffError, Scalar};
use minima_linalg::{matmul, syrk_lower};
use ndarray::{Array2, Array3, ArrayView1, ArrayView2, ArrayView3, ArrayViewMut1, ArrayViewMut2, Axis, Slice, Zip};
use rayon::prelude::*;

/// Numbers for every direction, row and image. Each tile of the Gram matrix, which belongs to one pair of directions,
/// comes from contiguous blocks.
struct ByDirection<T: Scalar> {
    /// The number of rows per direction.
    rows: usize,
    /// `(direction and row, image)`.
    numbers: WorkMatrix<T>,
}

impl<T: Scalar> ByDirection<T> {
    /// A pooled matrix for `count` directions. Its initial contents are arbitrary.
    fn take(count: usize, rows: usize, images: usize) -> Self {
        Self { rows, numbers: WorkMatrix::take(count * rows, images) }
    }

    /// One direction's `(row, image)`.
    fn direction(&self, k: usize) -> ArrayView2<'_, T> {
        self.numbers.slice_axis(Axis(0), Slice::from(k * self.rows..(k + 1) * self.rows))
    }
}

/// What the reverse passes of a batch compute in a group of layers.
struct Factors<T: Scalar> {
    /// Per-sample gradients of all convolutions, one row per parameter.
    gradients: ByDirection<T>,
    /// For each dense layer, the cotangents of its outputs, one row per output, and `aᵢ·aⱼ + 1` of its inputs
    /// `(images, images)`.
    dense: Vec<(ByDirection<T>, WorkMatrix<T>)>,
}

/// Buffers for a tile and for its summands.
struct Tile<T: Scalar> {
    sum: WorkMatrix<T>,
    product: WorkMatrix<T>,
}

impl<T: Scalar> Tile<T> {
    fn new(images: usize) -> Self {
        Self { sum: WorkMatrix::take(images, images), product: WorkMatrix::take(images, images) }
    }
}

impl<T: Scalar> Factors<T> {
    /// Writes the inner products of direction k's gradients (rows) with direction l's gradients (columns) to the tile's
    /// sum.
    fn tile(&self, k: usize, l: usize, tile: &mut Tile<T>) -> Result<(), AutodiffError> {
        let multiply = |factor: &ByDirection<T>, to: ArrayViewMut2<'_, T>| {
            matmul(T::one(), factor.direction(k).t(), factor.direction(l), T::zero(), to)
        };
        multiply(&self.gradients, tile.sum.view_mut())?;
        for (deltas, inputs) in &self.dense {
            multiply(deltas, tile.product.view_mut())?;
            Zip::from(&mut *tile.sum).and(&*tile.product).and(&**inputs).for_each(|t, &d, &a| *t += d * a);
        }
        Ok(())
    }
}

/// The number of an operation's rows for each gradient: its parameters, or its outputs if it is a dense layer.
fn gram_rows<T: Scalar>(graph: &Graph, node: &Node, op: &dyn Parametrised<T>) -> usize {
    match op.kernel_form() {
        KernelForm::Gradients => node.params.len(),
        KernelForm::GramProduct => graph.width(node.output),
    }
}

impl Graph {
    /// The memory of each parametrised operation's numbers for this many gradients, in bytes.
    pub(crate) fn gram_bytes<T: Scalar>(&self, gradients: usize) -> Vec<usize> {
        let bytes = |rows: usize| rows.saturating_mul(gradients).saturating_mul(size_of::<T>());
        self.parametrised::<T>().map(|(node, op)| bytes(gram_rows(self, node, op))).collect()
    }
}

impl<T: Scalar> Linearization<'_, T> {
    /// The Gram matrix `G = Uᵀ U` of the gradients `U[:, (k, i)] = Jᵢᵀ c[k, i]`, for `directions` c `(k, images, classes)`.
    ///
    /// Row and column `k · images + i` belong to direction k of image i. Only the lower triangle is computed; the
    /// entries above it are zero.
    ///
    /// # Errors
    /// Returns [`AutodiffError::Shape`] if the directions are not `(k, images, classes)`.
    pub fn gram(&self, directions: ArrayView3<'_, T>) -> Result<Array2<T>, AutodiffError> {
        let order = directions.dim().0 * self.images;
        let mut gram = Array2::zeros((order, order));
        self.fill_gram(directions, LAYER_GROUP_BYTES, &mut gram)?;
        Ok(gram)
    }

    /// The matrix of [`gram`](Self::gram) with each entry converted to `R`, in a pooled matrix. The entries above the
    /// diagonal are arbitrary.
    ///
    /// # Errors
    /// Returns the errors of [`gram`](Self::gram).
    pub fn gram_as<R: Scalar>(&self, directions: ArrayView3<'_, T>) -> Result<WorkMatrix<R>, AutodiffError> {
        self.gram_in_groups(directions, LAYER_GROUP_BYTES)
    }

    /// The matrix of [`gram_as`](Self::gram_as) with another limit for groups, in bytes.
    pub(crate) fn gram_in_groups<R: Scalar>(
        &self,
        directions: ArrayView3<'_, T>,
        limit: usize,
    ) -> Result<WorkMatrix<R>, AutodiffError> {
        let order = directions.dim().0 * self.images;
        let mut gram = WorkMatrix::take(order, order);
        self.fill_gram(directions, limit, &mut gram)?;
        Ok(gram)
    }

    /// Writes the lower triangle, a sum over [groups](Graph::layer_groups) of operations.
    fn fill_gram<R: Scalar>(
        &self,
        directions: ArrayView3<'_, T>,
        limit: usize,
        gram: &mut Array2<R>,
    ) -> Result<(), AutodiffError> {
        let (count, images, classes) = directions.dim();
        self.graph.check("directions", &[count, images, classes], &[count, self.images, self.graph.classes()])?;
        if gram.is_empty() {
            return Ok(());
        }
        let each = self.graph.gram_bytes::<T>(count * images);
        for (number, group) in self.graph.layer_groups(&each, limit).iter().enumerate() {
            self.add_group(directions, group, number == 0, gram)?;
        }
        Ok(())
    }

    /// Writes one group's part of the lower triangle, or adds it if it is not the first.
    fn add_group<R: Scalar>(
        &self,
        directions: ArrayView3<'_, T>,
        group: &LayerGroup,
        first: bool,
        gram: &mut Array2<R>,
    ) -> Result<(), AutodiffError> {
        let images = self.images;
        let factors = self.factors(directions, group)?;
        let rows = gram.axis_chunks_iter_mut(Axis(0), images).into_par_iter().enumerate();
        rows.try_for_each(|(k, mut rows)| {
            let tiles = rows.axis_chunks_iter_mut(Axis(1), images).into_par_iter().enumerate().take(k + 1);
            tiles.try_for_each_init(
                || Tile::new(images),
                |tile, (l, mut to)| {
                    factors.tile(k, l, tile)?;
                    for (i, (to, from)) in to.outer_iter_mut().zip(tile.sum.outer_iter()).enumerate() {
                        let computed = if k == l { i + 1 } else { images };
                        put_row(to, from, computed, first);
                    }
                    Ok(())
                },
            )
        })
    }

    /// The kernel `K₀ = J Jᵀ`, both triangles: row and column `c · images + i` belong to logit c of image i.
    ///
    /// # Errors
    /// Returns the errors of [`gram`](Self::gram).
    pub fn kernel(&self) -> Result<Array2<T>, AutodiffError> {
        Ok(self.kernel_as()?.into_inner())
    }

    /// The matrix of [`kernel`](Self::kernel) with each entry converted to `R`, in a pooled matrix.
    ///
    /// # Errors
    /// Returns the errors of [`kernel`](Self::kernel).
    pub fn kernel_as<R: Scalar>(&self) -> Result<WorkMatrix<R>, AutodiffError> {
        let classes = self.graph.classes();
        let unit = |(k, _, c)| if k == c { T::one() } else { T::zero() };
        let mut kernel = self.gram_as(Array3::from_shape_fn((classes, self.images, classes), unit).view())?;
        mirror(kernel.view_mut());
        Ok(kernel)
    }

    /// Runs one reverse pass for each direction and block, down to the group's first operation.
    fn factors(&self, directions: ArrayView3<'_, T>, group: &LayerGroup) -> Result<Factors<T>, AutodiffError> {
        let (count, images, _) = directions.dim();
        let operations: Vec<_> = self.graph.parametrised::<T>().collect();
        let operations = operations.get(group.operations.clone()).unwrap_or_default();
        // Each operation's matrix, and its rows there. The convolutions share the first matrix.
        let (mut places, mut heights) = (Vec::new(), vec![0]);
        for (node, op) in operations {
            let rows = gram_rows(self.graph, node, *op);
            places.push(match op.kernel_form() {
                KernelForm::Gradients => {
                    heights[0] += rows;
                    (0, heights[0] - rows..heights[0])
                }
                KernelForm::GramProduct => {
                    heights.push(rows);
                    (heights.len() - 1, 0..rows)
                }
            });
        }
        let mut matrices: Vec<_> = heights.iter().map(|&rows| ByDirection::take(count, rows, images)).collect();
        // The columns of each block, in all matrices.
        let mut blocks: Vec<Vec<ArrayViewMut2<'_, T>>> = (0..self.values.len()).map(|_| Vec::new()).collect();
        for matrix in &mut matrices {
            for (block, columns) in blocks.iter_mut().zip(matrix.numbers.axis_chunks_iter_mut(Axis(1), LANES)) {
                block.push(columns);
            }
        }
        let largest = places.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0);
        blocks.into_par_iter().enumerate().for_each(|(block, mut columns)| {
            let mut lanes = Buffer::take(largest);
            for (k, w) in directions.outer_iter().enumerate() {
                self.reverse_to(block, w, group, &mut |number, op, at, dy, scratch| {
                    let Some((matrix, rows)) = places.get(number - group.operations.start) else { return };
                    let lanes = &mut lanes[..rows.len()];
                    let lanes = match op.kernel_form() {
                        KernelForm::GramProduct => dy,
                        KernelForm::Gradients => {
                            op.per_sample_gradients(at, dy, lanes, scratch);
                            lanes
                        }
                    };
                    let to = columns[*matrix].outer_iter_mut().skip(k * heights[*matrix] + rows.start);
                    to.zip(lanes).for_each(|(mut to, lane)| {
                        match to.as_slice_mut().and_then(|to| to.first_chunk_mut()) {
                            Some(to) => *to = lane.0,
                            None => to.iter_mut().zip(lane.0).for_each(|(to, from)| *to = from),
                        }
                    });
                });
            }
        });
        let mut matrices = matrices.into_iter();
        let gradients = matrices.next().unwrap_or_else(|| ByDirection::take(count, 0, images));
        let of_dense = operations.iter().filter(|(_, op)| op.kernel_form() == KernelForm::GramProduct);
        let dense = of_dense.zip(matrices).map(|((node, _), deltas)| Ok((deltas, self.input_products(node)?)));
        Ok(Factors { gradients, dense: dense.collect::<Result<_, AutodiffError>>()? })
    }

    /// `aᵢ·aⱼ + 1` of a layer's inputs `a`, without the 1 if it has no bias: `(images, images)`, both triangles.
    fn input_products(&self, node: &Node) -> Result<WorkMatrix<T>, AutodiffError> {
        let slot = self.graph.kept.slots[node.inputs[0]].clone();
        let mut inputs = WorkMatrix::take(slot.len(), self.images);
        for (mut columns, values) in inputs.axis_chunks_iter_mut(Axis(1), LANES).zip(&self.values) {
            for (mut row, lane) in columns.outer_iter_mut().zip(&values[slot.clone()]) {
                row.iter_mut().zip(lane.0).for_each(|(to, from)| *to = from);
            }
        }
        let mut products = WorkMatrix::take(self.images, self.images);
        products.fill(if node.added.is_empty() { T::zero() } else { T::one() });
        syrk_lower(T::one(), inputs.view(), T::one(), products.view_mut())?;
        mirror(products.view_mut());
        Ok(products)
    }
}

/// Writes the first `columns` numbers of a row, or adds them if they are not the first part.
fn put_row<T: Scalar, R: Scalar>(mut to: ArrayViewMut1<'_, R>, from: ArrayView1<'_, T>, columns: usize, first: bool) {
    let put = |(to, from): (&mut R, &T)| {
        let from = R::from_f64(from.as_f64());
        *to = if first { from } else { *to + from };
    };
    match (to.as_slice_mut().and_then(|to| to.get_mut(..columns)), from.to_slice()) {
        // Slices are converted many numbers at a time.
        (Some(to), Some(from)) => to.iter_mut().zip(from).for_each(put),
        _ => to.iter_mut().zip(from).take(columns).for_each(put),
    }
}

/// Copies the lower triangle into the upper triangle.
fn mirror<T: Scalar>(matrix: ArrayViewMut2<'_, T>) {
    const TILE: usize = 32;
    let size = matrix.nrows();
    if size <= TILE {
        let mut matrix = matrix;
        for i in 0..size {
            for j in 0..i {
                matrix[[j, i]] = matrix[[i, j]];
            }
        }
        return;
    }
    // The lower left quarter is copied to the upper right in tiles, so that both stay in the cache; then the other two
    // quarters follow.
    let half = (size / 2).next_multiple_of(TILE);
    let (above, below) = matrix.split_at(Axis(0), half);
    let (above_left, mut above_right) = above.split_at(Axis(1), half);
    let (below_left, below_right) = below.split_at(Axis(1), half);
    above_right.axis_chunks_iter_mut(Axis(0), TILE).into_par_iter().enumerate().for_each(|(strip, mut to)| {
        let from = below_left.slice_axis(Axis(1), Slice::from(strip * TILE..strip * TILE + to.nrows()));
        for (mut to, from) in to.axis_chunks_iter_mut(Axis(1), TILE).zip(from.axis_chunks_iter(Axis(0), TILE)) {
            to.assign(&from.t());
        }
    });
    rayon::join(|| mirror(above_left), || mirror(below_right));
}
