//! A Jacobian in strips of columns, each without the images for which it is zero.

use super::Arithmetic;
use minima_autodiff::{Graph, LayerOperation};
use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use std::ops::Range;

/// The number of columns of a strip. A strip and its factor then fit in cache.
const STRIP: usize = 512;

/// The order in which parameters are summed over.
#[derive(Clone, Debug)]
pub(super) struct ColumnOrder {
    /// The parameters.
    pub parameters: Vec<usize>,
    /// The strips, as ranges of `parameters`.
    pub strips: Vec<Range<usize>>,
    /// Whether strips omit zeros.
    sparse: bool,
}

impl ColumnOrder {
    /// The order of the flat parameter vector, with all images in every strip.
    pub(super) fn natural(graph: &Graph) -> Self {
        let mut order = Self { parameters: Vec::new(), strips: Vec::new(), sparse: false };
        order.extend((0..graph.parameter_count()).collect());
        order
    }

    /// Small layers first, then the wide dense layers, one output at a time. If the cotangent of an output is zero for
    /// an image, as behind an inactive rectifier, the derivatives with respect to all parameters of the output are
    /// zero.
    pub(super) fn by_output(graph: &Graph) -> Self {
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

/// Some columns of a Jacobian, without zero columns and without the images for which all of them are zero.
pub(super) struct Strip {
    /// The remaining columns, as positions in the order.
    pub columns: Vec<usize>,
    /// The remaining images.
    pub images: Vec<usize>,
    /// The rows of the remaining images in the Jacobian. Rows run over images within a class.
    pub rows: Vec<usize>,
    /// The transposed strip, `(columns, rows)`: one row per column.
    pub transposed: Array2<f32>,
}

impl ColumnOrder {
    /// Extracts a strip from the transposed Jacobian and rounds it. The columns of `jacobian` run over `images` within
    /// a class.
    pub(super) fn strip(
        &self,
        places: &Range<usize>,
        jacobian: ArrayView2<'_, f32>,
        images: usize,
        arithmetic: Arithmetic,
    ) -> Strip {
        let classes = jacobian.ncols() / images.max(1);
        let parameters = self.parameters.get(places.clone()).unwrap_or_default();
        let mut seen = vec![!self.sparse; images];
        let mut columns = Vec::with_capacity(parameters.len());
        for (place, &parameter) in places.clone().zip(parameters) {
            let row = jacobian.row(parameter);
            let row = row.as_standard_layout();
            let mut zero = self.sparse;
            for class in row.as_slice().unwrap_or_default().chunks_exact(images.max(1)) {
                seen.iter_mut().zip(class).for_each(|(seen, &x)| *seen |= x != 0.0);
                zero &= class.iter().all(|&x| x == 0.0);
            }
            if !zero {
                columns.push(place);
            }
        }
        let images_left: Vec<usize> = seen.iter().enumerate().filter_map(|(i, &seen)| seen.then_some(i)).collect();
        let rows: Vec<usize> = (0..classes).flat_map(|c| images_left.iter().map(move |i| c * images + i)).collect();
        let mut transposed = Array2::zeros((columns.len(), rows.len()));
        transposed.outer_iter_mut().into_par_iter().zip(columns.par_iter()).for_each(|(mut to, &place)| {
            let from = jacobian.row(self.parameters[place]);
            to.iter_mut().zip(&rows).for_each(|(to, &row)| *to = arithmetic.round(from[row]));
        });
        Strip { columns, images: images_left, rows, transposed }
    }
}
