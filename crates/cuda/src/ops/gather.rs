//! The batches of a data set that lies on the device, in an order that lies there too.

use crate::CudaError;
use crate::columns::check_tensor;
use crate::device::Device;
use crate::launch::{Grid, Launch};
use crate::slice::Slice;

/// The pixels of a data set, an image after the other.
pub enum Pixels<'a, D: Device> {
    /// `[image][feature]`, as the network takes them.
    Floats(Slice<'a, D, f32>),
    /// Bytes, four a word: see [`pack_bytes`]. The network gets `byte / 255`.
    Bytes(Slice<'a, D, u32>),
}

/// A data set.
pub struct DataSet<'a, D: Device> {
    /// All images' pixels.
    pub pixels: Pixels<'a, D>,
    /// A label for each image.
    pub labels: Slice<'a, D, u32>,
    /// Numbers of an image.
    pub features: usize,
}

impl<D: Device> DataSet<'_, D> {
    /// `images` `[feature][image]` and `labels` of the batch of `labels.len()` images `order[position[0] + i]`.
    ///
    /// Where the order or the data set has no such image, its pixels become NaN and its label names no class: the loss is
    /// then NaN.
    ///
    /// # Errors
    /// When the lengths do not fit each other, or the launch fails.
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

/// Bytes of a word.
const BYTES: usize = 4;

/// Images of `features` bytes each as words, the first byte lowest; every image begins with a word of its own.
#[must_use]
pub fn pack_bytes(images: &[u8], features: usize) -> Vec<u32> {
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
    images.chunks(features.max(1)).flat_map(|image| image.chunks(BYTES).map(word)).collect()
}

/// `counter[0] += by`: a batch further, or a step.
///
/// # Errors
/// When the counter is not one number, or the launch fails.
pub fn advance<D: Device>(device: &D, counter: Slice<'_, D, u32>, by: usize) -> Result<(), CudaError> {
    counter.check("advance: counter", 1)?;
    Launch::of("advance").slice(counter).ints([by]).run(device, Grid::new([1, 1], [1, 1]))
}
