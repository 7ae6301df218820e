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
    /// One column an image.
    #[must_use]
    pub fn of_images(images: usize) -> Self {
        Self { images, directions: 1 }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.images * self.directions
    }
}

/// Whether a cotangent is stored or added to what is there: an input with several readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// Stored.
    Store,
    /// Added.
    Add,
}

impl Write {
    /// The kernels' flag.
    pub(crate) fn adds(self) -> bool {
        self == Self::Add
    }
}

/// Fails where a tensor of `features` over `columns` is not that.
pub(crate) fn check_tensor<D: Device, T: Element>(
    what: &'static str,
    slice: Slice<'_, D, T>,
    features: usize,
    columns: usize,
) -> Result<(), CudaError> {
    slice.check(what, features * columns)
}
