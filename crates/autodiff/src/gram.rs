//! Gram matrices of per-sample gradients, and the kernel `J Jᵀ`, without a Jacobian.
//!
//! For cotangents `c` of single images' logits, the inner products of the gradients `Jᵢᵀ c` and `Jⱼᵀ d` are a sum over
//! layers. A dense layer with inputs `a` and output cotangents `δ` adds `(δᵢ·δⱼ)(aᵢ·aⱼ + 1)`, from two small Gram matrices.
//! A convolution has few parameters, so its per-sample gradients enter as a symmetric rank-k update.
//! (Function-space view of Gauss-Newton: Ren & Goldfarb 2019; Dangel, Tatzel & Hennig 2022.)

use crate::block_pass::Reach;
use crate::graph::Node;
use crate::lane::{LANES, Lane};
use crate::linearization::Linearization;
use crate::ops::KernelForm;
use crate::{AutodiffError, Scalar};
use minima_linalg::syrk_lower;
use ndarray::{Array2, ArrayView2, ArrayView3, ArrayViewMut2, Axis, Slice};
use rayon::prelude::*;

/// What each column (a cotangent of an image) leaves behind in the layers: rows of a matrix with a column for each.
struct Factors<T> {
    /// For each parametrised operation, in the order of the graph, its rows.
    rows: Vec<std::ops::Range<usize>>,
    /// Row-major `(rows, columns)`, a convolution's per-sample gradients or a dense layer's output cotangents.
    matrix: Array2<T>,
}

impl<T: Scalar> Factors<T> {
    fn of(&self, rows: &std::ops::Range<usize>) -> ArrayView2<'_, T> {
        self.matrix.slice_axis(Axis(0), Slice::from(rows.clone()))
    }
}

impl<T: Scalar> Linearization<'_, T> {
    /// The Gram matrix `G = Uᵀ U` of the gradients `U[:, (k, i)] = Jᵢᵀ c[k, i]`, for `directions` c `(k, images, classes)`.
    ///
    /// Row and column `k · images + i` belong to direction k of image i. Only the lower triangle is computed; what stands
    /// above it is zero.
    ///
    /// # Errors
    /// When the directions have another number of images or classes.
    pub fn gram(&self, directions: ArrayView3<'_, T>) -> Result<Array2<T>, AutodiffError> {
        let (count, images, classes) = directions.dim();
        self.graph.check("directions", &[count, images, classes], &[count, self.images, self.graph.classes()])?;
        let columns = count * images;
        let factors = self.factors(directions);
        let mut gram = Array2::zeros((columns, columns));
        let with = |form: KernelForm| {
            let nodes = self.graph.nodes.iter().filter(|n| !n.params.is_empty()).zip(&factors.rows);
            nodes.filter(move |(node, _)| node.op.of::<T>().kernel_form() == form)
        };
        for (node, rows) in with(KernelForm::GramProduct) {
            let inputs = self.input_products(node)?;
            let mut deltas = Array2::zeros((columns, columns));
            syrk_lower(T::one(), factors.of(rows), T::zero(), deltas.view_mut())?;
            add_product(&mut gram, &deltas, &inputs);
        }
        for (_, rows) in with(KernelForm::Gradients) {
            syrk_lower(T::one(), factors.of(rows), T::one(), gram.view_mut())?;
        }
        Ok(gram)
    }

    /// The kernel `K₀ = J Jᵀ`, both triangles: row and column `c · images + i` belong to logit c of image i.
    ///
    /// # Errors
    /// None that its input can cause; it shares the checks of [`gram`](Self::gram).
    pub fn kernel(&self) -> Result<Array2<T>, AutodiffError> {
        let classes = self.graph.classes();
        let unit =
            ndarray::Array3::from_shape_fn(
                (classes, self.images, classes),
                |(k, _, c)| {
                    if k == c { T::one() } else { T::zero() }
                },
            );
        let mut kernel = self.gram(unit.view())?;
        mirror(kernel.view_mut());
        Ok(kernel)
    }

    /// One reverse pass a direction and block.
    fn factors(&self, directions: ArrayView3<'_, T>) -> Factors<T> {
        let (count, images, _) = directions.dim();
        let mut rows = Vec::new();
        let mut end = 0;
        for node in self.graph.nodes.iter().filter(|n| !n.params.is_empty()) {
            let start = end;
            end += match node.op.of::<T>().kernel_form() {
                KernelForm::GramProduct => self.graph.slots[node.output].len(),
                KernelForm::Gradients | KernelForm::None => node.params.len(),
            };
            rows.push(start..end);
        }
        // A block's directions, then its rows, a lane each.
        let blocks: Vec<Vec<Lane<T>>> = self
            .par_blocks()
            .map(|block| {
                let mut lanes = vec![Lane::zero(); count * end];
                for (k, lanes) in lanes.chunks_exact_mut(end.max(1)).enumerate() {
                    // A reverse pass meets the operations last to first.
                    let mut place = rows.iter().rev();
                    let w = directions.index_axis(Axis(0), k);
                    self.reverse(block, w, Reach::Parameters, &mut |node, at, dy, scratch| {
                        let Some(place) = place.next() else { return };
                        let to = &mut lanes[place.clone()];
                        match node.op.of::<T>().kernel_form() {
                            KernelForm::GramProduct => to.copy_from_slice(dy),
                            _ => node.op.of().per_sample_gradients(at, dy, to, scratch),
                        }
                    });
                }
                lanes
            })
            .collect();
        let mut matrix = Array2::zeros((end, count * images));
        matrix.outer_iter_mut().into_par_iter().enumerate().for_each(|(r, mut row)| {
            for (k, mut row) in row.exact_chunks_mut(images.max(1)).into_iter().enumerate() {
                for (mut to, lanes) in row.axis_chunks_iter_mut(Axis(0), LANES).zip(&blocks) {
                    to.iter_mut().zip(lanes[k * end + r].0).for_each(|(to, from)| *to = from);
                }
            }
        });
        Factors { rows, matrix }
    }

    /// `aᵢ·aⱼ + 1` of a layer's inputs `a`: `(images, images)`, both triangles.
    fn input_products(&self, node: &Node) -> Result<Array2<T>, AutodiffError> {
        let slot = self.graph.slots[node.inputs[0]].clone();
        let mut inputs = Array2::zeros((slot.len(), self.images));
        for (mut columns, values) in inputs.axis_chunks_iter_mut(Axis(1), LANES).zip(&self.values) {
            for (mut row, lane) in columns.outer_iter_mut().zip(&values[slot.clone()]) {
                row.iter_mut().zip(lane.0).for_each(|(to, from)| *to = from);
            }
        }
        let mut products = Array2::from_elem((self.images, self.images), T::one());
        syrk_lower(T::one(), inputs.view(), T::one(), products.view_mut())?;
        mirror(products.view_mut());
        Ok(products)
    }
}

/// `gram[(k, i), (l, j)] += deltas[(k, i), (l, j)] · inputs[i, j]`, on the lower triangle.
fn add_product<T: Scalar>(gram: &mut Array2<T>, deltas: &Array2<T>, inputs: &Array2<T>) {
    let images = inputs.nrows();
    gram.outer_iter_mut().into_par_iter().zip(deltas.outer_iter()).enumerate().for_each(|(row, (mut gram, deltas))| {
        let (Some(gram), Some(deltas)) = (gram.as_slice_mut(), deltas.to_slice()) else { return };
        let inputs = inputs.row(row % images);
        let Some(inputs) = inputs.to_slice() else { return };
        for (gram, deltas) in gram[..=row].chunks_mut(images).zip(deltas.chunks(images)) {
            for ((to, &delta), &input) in gram.iter_mut().zip(deltas).zip(inputs) {
                *to += delta * input;
            }
        }
    });
}

/// Copies the lower triangle into the upper one.
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
    // The lower left quarter goes to the upper right, in tiles so that both sides stay in cache; then the other two.
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
