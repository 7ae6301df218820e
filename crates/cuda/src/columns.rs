//! The columns of a tensor: images, or several directions of each image.

use crate::CudaError;
use crate::device::{Device, Element};
use crate::slice::Slice;

/// `directions · images` columns; column `k · images + i` is direction k of image i.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Images of the batch.
    pub images: usize,
    /// Cotangents or tangents of each image.
    pub directions: usize,
}

impl Columns {
    /// One column for each image.
    #[must_use]
    pub fn of_images(images: usize) -> Self {
        Self { images, directions: 1 }
    }

    /// The number of columns.
    #[must_use]
    pub fn count(&self) -> usize {
        self.images * self.directions
    }
}

/// Whether a cotangent overwrites the old value or adds to it, as for an input with several readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Overwrite.
    Store,
    /// Add.
    Add,
}

impl Write {
    /// The flag for kernels.
    pub(crate) fn adds(self) -> bool {
        self == Self::Add
    }
}

/// Fails unless a tensor has `features` rows over `columns`.
pub(crate) fn check_tensor<D: Device, T: Element>(
    what: &'static str,
    slice: Slice<'_, D, T>,
    features: usize,
    columns: usize,
) -> Result<(), CudaError> {
    slice.check(what, features * columns)
}
