//! A Jacobian by strips of columns, each without the images at which it vanishes.

use super::Arithmetic;
use minima_autodiff::{AutodiffError, Graph, LayerOperation, Linearization};
use ndarray::{Array2, Axis, Slice};
use rayon::prelude::*;
use std::ops::Range;

/// Columns of a strip: a strip and what it is multiplied with then fit in cache.
const STRIP: usize = 512;

/// The order in which parameters are summed over.
#[derive(Clone, Debug)]
pub(super) struct ColumnOrder {
    /// The parameters.
    pub parameters: Vec<usize>,
    /// Strips of them.
    pub strips: Vec<Range<usize>>,
    /// Whether a strip leaves out the images at which it is zero.
    sparse: bool,
}

impl ColumnOrder {
    /// That of the flat vector, with all images in every strip.
    pub fn natural(graph: &Graph) -> Self {
        let mut order = Self { parameters: Vec::new(), strips: Vec::new(), sparse: false };
        order.extend((0..graph.parameter_count()).collect());
        order
    }

    /// First what few parameters have, then the wide dense layers an output at a time: where an output's cotangent is zero, as
    /// it is behind a rectifier that is shut, the image has no derivative by any of that output's parameters.
    pub fn by_output(graph: &Graph) -> Self {
        let mut order = Self { parameters: Vec::new(), strips: Vec::new(), sparse: true };
        let (mut narrow, mut wide) = (Vec::new(), Vec::new());
        for layer in graph.layers() {
            match layer.operation {
                LayerOperation::Dense { outputs, .. } if layer.params.len() > STRIP => {
                    // Bias `(out)`, then kernel `(in, out)`.
                    wide.extend(
                        (0..outputs).map(|o| layer.params.clone().skip(o).step_by(outputs).collect::<Vec<_>>()),
                    );
                }
                _ => narrow.extend(layer.params),
            }
        }
        order.extend(narrow);
        wide.into_iter().for_each(|parameters| order.extend(parameters));
        order
    }

    fn extend(&mut self, parameters: Vec<usize>) {
        for strip in parameters.chunks(STRIP) {
            let start = self.parameters.len();
            self.parameters.extend(strip);
            self.strips.push(start..self.parameters.len());
        }
    }
}

/// A Jacobian in reordered columns; its rows run over images within a class.
pub(super) struct Jacobian {
    rows: Array2<f32>,
    images: usize,
    sparse: bool,
}

/// Some columns of a Jacobian, without the images at which all of them are zero.
pub(super) struct Strip {
    /// The images that are left.
    pub images: Vec<usize>,
    /// Their rows: over images within a class.
    pub rows: Vec<usize>,
    /// `(rows, columns)`.
    pub jacobian: Array2<f32>,
}

impl Jacobian {
    /// Of a linearized network, rounded.
    pub fn new(
        at: &Linearization<'_, f32>,
        order: &ColumnOrder,
        arithmetic: Arithmetic,
    ) -> Result<Self, AutodiffError> {
        let (images, classes) = at.logits().dim();
        let mut rows = Array2::zeros((classes * images, order.parameters.len()));
        for (class, mut rows) in rows.axis_chunks_iter_mut(Axis(0), images.max(1)).enumerate() {
            let mut w = Array2::zeros((images, classes));
            w.column_mut(class).fill(1.0);
            let gradients = at.per_sample_gradients(w.view())?;
            rows.outer_iter_mut().into_par_iter().zip(gradients.outer_iter().into_par_iter()).for_each(
                |(mut to, from)| {
                    let from = from.as_slice().unwrap_or_default();
                    for (to, &parameter) in to.iter_mut().zip(&order.parameters) {
                        *to = from.get(parameter).map_or(0.0, |&x| arithmetic.round(x));
                    }
                },
            );
        }
        Ok(Self { rows, images, sparse: order.sparse })
    }

    /// Rows: images times classes.
    pub fn nrows(&self) -> usize {
        self.rows.nrows()
    }

    /// Columns of the reordered Jacobian.
    pub fn strip(&self, columns: &Range<usize>) -> Strip {
        let columns = self.rows.slice_axis(Axis(1), Slice::from(columns.clone()));
        let (count, classes) = (self.images, self.nrows() / self.images.max(1));
        let seen = |&image: &usize| {
            !self.sparse || (0..classes).any(|c| columns.row(c * count + image).iter().any(|&x| x != 0.0))
        };
        let images: Vec<usize> = (0..count).filter(seen).collect();
        let rows: Vec<usize> = (0..classes).flat_map(|c| images.iter().map(move |i| c * count + i)).collect();
        let jacobian = columns.select(Axis(0), &rows);
        Strip { images, rows, jacobian }
    }
}
