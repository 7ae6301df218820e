//! The memory of a dense system in function space, estimated before anything is allocated.

use crate::layer_groups::LAYER_GROUP_BYTES;
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
    /// network in precision `T`: the matrix, the directions in both precisions, and the numbers of the largest group of
    /// layers in their form for [`Linearization::gram`](crate::Linearization::gram).
    ///
    /// Numbers too large for 64 bits are replaced by the largest.
    #[must_use]
    pub fn system_size<T: Scalar, R: Scalar>(&self, images: usize, directions: usize) -> SystemSize {
        let (narrow, wide) = (size_of::<T>() as u64, size_of::<R>() as u64);
        let order = (images as u64).saturating_mul(directions as u64);
        let squares = |of: u64| of.saturating_mul(of);
        let gradients = self.gram_bytes::<T>(images.saturating_mul(directions));
        let products = self.parametrised::<T>().filter(|(_, op)| op.kernel_form() == KernelForm::GramProduct).count();
        let bytes = [
            squares(order).saturating_mul(wide),
            order.saturating_mul(self.classes() as u64).saturating_mul(narrow + wide),
            self.largest_group(&gradients, LAYER_GROUP_BYTES) as u64,
            squares(images as u64).saturating_mul(products as u64).saturating_mul(narrow),
        ];
        SystemSize { order, bytes: bytes.into_iter().fold(0, u64::saturating_add) }
    }
}
