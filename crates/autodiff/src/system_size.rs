//! The memory of a dense system in function space, estimated before anything is allocated.

use crate::lane::LANES;
use crate::ops::KernelForm;
use crate::{Graph, Scalar};

/// The size of a dense system with one equation for each direction of each image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemSize {
    /// The number of equations.
    pub order: u64,
    /// An estimate of the memory for the matrix and for the gradients from which it is computed, in bytes.
    pub bytes: u64,
}

impl Graph {
    /// The size of the Gram matrix of `directions` gradients for each of `images` images, in precision `R`, of a
    /// network in precision `T`: the matrix, the directions in both precisions, and the numbers of every layer in its
    /// form for [`Linearization::gram`](crate::Linearization::gram).
    ///
    /// Numbers too large for 64 bits are replaced by the largest.
    #[must_use]
    pub fn system_size<T: Scalar, R: Scalar>(&self, images: usize, directions: usize) -> SystemSize {
        let (narrow, wide) = (size_of::<T>() as u64, size_of::<R>() as u64);
        let order = (images as u64).saturating_mul(directions as u64);
        let squares = |of: u64| of.saturating_mul(of);
        let (mut rows, mut products) = (0_u64, 0);
        for (node, op) in self.parametrised::<T>() {
            match op.kernel_form() {
                KernelForm::Gradients => rows += node.params.len() as u64,
                KernelForm::GramProduct => {
                    rows += self.width(node.output) as u64;
                    products += 1;
                }
            }
        }
        // The rows are held once in lanes and once by direction.
        let lanes = images.next_multiple_of(LANES) as u64 + images as u64;
        let bytes = [
            squares(order).saturating_mul(wide),
            order.saturating_mul(self.classes() as u64).saturating_mul(narrow + wide),
            lanes.saturating_mul(directions as u64).saturating_mul(rows).saturating_mul(narrow),
            squares(images as u64).saturating_mul(products).saturating_mul(narrow),
        ];
        SystemSize { order, bytes: bytes.into_iter().fold(0, u64::saturating_add) }
    }
}
