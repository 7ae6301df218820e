//! Coefficients below products of two values: products with the slopes of planes.

use crate::lane::Lane;
use crate::program::Product;
use crate::relaxation::ProductPlanes;
use crate::simd::{VectorKernel, part, parts, set_part};
use pulp::Simd;

/// Adds the coefficients of one of the two values.
pub(crate) struct ProductBackward<'a> {
    pub(crate) product: &'a Product,
    pub(crate) planes: &'a ProductPlanes,
    /// Coefficients of the outputs.
    pub(crate) from: &'a [Lane],
    /// Coefficients of the value.
    pub(crate) to: &'a mut [Lane],
    /// Whether it is the second value.
    pub(crate) second: bool,
}

impl VectorKernel for ProductBackward<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { product, planes, from, to, second } = self;
        let columns = product.columns;
        for (output, [a, b]) in product.outputs().enumerate() {
            if planes.kept[output] == 0.0 {
                continue;
            }
            for l in 0..product.inner {
                let (a, b) = (a + l, b + l * columns);
                let (entry, slope) = if second { (b, planes.second[a]) } else { (a, planes.first[b]) };
                let slope = simd.splat_f32s(slope);
                for half in 0..parts::<S>() {
                    let sum = simd.mul_add_f32s(part::<S>(&from[output], half), slope, part::<S>(&to[entry], half));
                    set_part::<S>(&mut to[entry], half, sum);
                }
            }
        }
    }
}

impl Product {
    /// The most outputs that read an entry of one of the two values.
    pub(crate) fn readers(&self, second: bool) -> usize {
        if second { self.rows } else { self.columns }
    }
}

/// The heights of the planes that a backward pass chose, at points.
pub(crate) fn forward(
    product: &Product,
    planes: &ProductPlanes,
    coefficients: &[Lane],
    [first, second]: [&[Lane]; 2],
    to: &mut [Lane],
) {
    for (output, start) in product.outputs().enumerate() {
        let (a, gap, kept) = (&coefficients[output], planes.gap[output], planes.kept[output]);
        let mut heights = Lane::splat(planes.constant[output]);
        for (i, j) in product.terms(start) {
            let (p, q) = (kept * planes.first[j], kept * planes.second[i]);
            heights.0.iter_mut().zip(first[i].0.iter().zip(&second[j].0)).for_each(|(y, (x, z))| *y += p * x + q * z);
        }
        let side = |row: usize| if a.0[row] >= 0.0 { -gap } else { gap };
        to[output] = Lane(std::array::from_fn(|row| heights.0[row] + side(row)));
    }
}
