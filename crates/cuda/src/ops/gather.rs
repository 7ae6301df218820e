//! The batches of a data set on the device, in an order that is also on the device.

use crate::CudaError;
use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;

/// The pixels of a data set, one image after another.
pub enum Pixels<'a, D: Device> {
    /// `[image][feature]`, as the network reads them.
    Floats(Slice<'a, D, f32>),
    /// Bytes, four per word: see [`pack_bytes`]. The network gets `byte / 255`.
    Bytes(Slice<'a, D, u32>),
}

/// A data set on the device.
pub struct DataSet<'a, D: Device> {
    /// The pixels of all images.
    pub pixels: Pixels<'a, D>,
    /// One label for each image.
    pub labels: Slice<'a, D, u32>,
    /// The number of features of an image.
    pub features: usize,
}

impl<D: Device> DataSet<'_, D> {
    /// Writes the `images` `[feature][image]` and `labels` of the batch of `labels.len()` images
    /// `order[position[0] + i]`.
    ///
    /// If the order or the data set has no such image, its pixels become NaN and its label names no class, so the loss
    /// is NaN.
    ///
    /// # Errors
    /// Returns [`CudaError::Length`] if the lengths do not match, and a [`CudaError`] if the launch fails.
    pub fn gather(
        &self,
        device: &D,
        order: Slice<'_, D, u32>,
        position: Slice<'_, D, u32>,
        images: Slice<'_, D, f32>,
        labels: Slice<'_, D, u32>,
    ) -> Result<(), CudaError> {
        const TILE: usize = 32;
        const ROWS: u32 = 8;
        let (count, available) = (labels.len(), self.labels.len());
        position.check("gather: position", 1)?;
        check_tensor("gather: images", images, self.features, count)?;
        let launch = match self.pixels {
            Pixels::Floats(pixels) => {
                check_tensor("gather: pixels", pixels, self.features, available)?;
                Launch::of("gather_pixels").slice(pixels)
            }
            Pixels::Bytes(words) => {
                check_tensor("gather: words of pixels", words, self.features.div_ceil(BYTES), available)?;
                Launch::of("gather_bytes").slice(words)
            }
        };
        let launch = launch.slice(self.labels).slice(order).slice(position).slice(images).slice(labels);
        let launch = launch.ints([count, self.features, order.len(), available]);
        launch.run(device, Grid::new([self.features.div_ceil(TILE), count.div_ceil(TILE)], [TILE as u32, ROWS]))
    }
}

/// Bytes per word.
const BYTES: usize = 4;

/// Packs images of `features` bytes each into words, lowest byte first. Every image begins with a new word.
#[must_use]
pub fn pack_bytes(images: &[u8], features: usize) -> Vec<u32> {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
    images.chunks(features.max(1)).flat_map(|image| image.chunks(BYTES).map(word)).collect()
}

/// `counter[0] += by`: advances to the next batch or step.
///
/// # Errors
/// Returns [`CudaError::Length`] if the counter is not one number, and a [`CudaError`] if the launch fails.
pub fn advance<D: Device>(device: &D, counter: Slice<'_, D, u32>, by: usize) -> Result<(), CudaError> {
    counter.check("advance: counter", 1)?;
    Launch::of("advance").slice(counter).ints([by]).run(device, Grid::new([1, 1], [1, 1]))
}
