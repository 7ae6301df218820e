//! Bootstrap resamples of a test set's images.

use minima_rng::Key;
use std::num::NonZeroU32;
use std::ops::Range;

/// How often each image occurs in each of many test sets drawn with replacement from the original one.
///
/// All measurements on the same images should use the same resamples: the models of a pair, and of all seeds, are then
/// evaluated on the same images, and the difficulty of an image cancels in their difference.
#[derive(Clone, Debug)]
pub struct ImageResamples {
    images: usize,
    draws: usize,
    /// One count per image, draw after draw.
    weights: Vec<u16>,
}

impl ImageResamples {
    /// `draws` resamples of `images` images, each drawn independently.
    #[must_use]
    pub fn new(key: Key, images: usize, draws: usize) -> Self {
        Self::of_batches(key, images, 1, draws)
    }

    /// `draws` resamples of batches with `batch` consecutive images each; the last batch holds the remaining images.
    ///
    /// If all images of a batch share a value, the batch is one observation, not many. A batch size of 0 is treated as
    /// 1.
    #[must_use]
    pub fn of_batches(key: Key, images: usize, batch: usize, draws: usize) -> Self {
        let units = images.div_ceil(batch.max(1));
        let mut weights = vec![0u16; images * draws];
        let Some(bound) = u32::try_from(units).ok().and_then(NonZeroU32::new) else {
            return Self { images, draws: 0, weights: Vec::new() };
        };
        for (draw, row) in weights.chunks_exact_mut(images).enumerate() {
            for unit in key.fold_in(draw as u32).below(units, bound) {
                let first = unit as usize * batch.max(1);
                for weight in row.iter_mut().skip(first).take(batch.max(1)) {
                    *weight = weight.saturating_add(1);
                }
            }
        }
        Self { images, draws, weights }
    }

    /// The number of images in a test set.
    #[must_use]
    pub fn images(&self) -> usize {
        self.images
    }

    /// The indices of the resamples.
    #[must_use]
    pub fn draws(&self) -> Range<usize> {
        0..self.draws
    }

    /// How often each image occurs in one resample; empty if there is no such resample.
    #[must_use]
    pub fn weights(&self, draw: usize) -> &[u16] {
        self.weights.chunks_exact(self.images.max(1)).nth(draw).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resample_has_as_many_images() {
        let resamples = ImageResamples::new(Key::new(1), 50, 20);
        assert_eq!(resamples.draws().len(), 20);
        for draw in resamples.draws() {
            assert_eq!(resamples.weights(draw).iter().map(|&w| u32::from(w)).sum::<u32>(), 50);
        }
        assert_ne!(resamples.weights(0), resamples.weights(1));
        assert!(resamples.weights(20).is_empty());
    }

    /// A count is binomial(m, 1 / m), with mean 1 and variance 1 − 1 / m. Over 40 000 counts the variance's standard
    /// error is below sqrt((kurtosis term 3) / 40 000) = 0.009.
    #[test]
    fn counts_have_the_variance_of_multinomial_ones() {
        let resamples = ImageResamples::new(Key::new(2), 200, 200);
        let counts = resamples.draws().flat_map(|draw| resamples.weights(draw).to_vec());
        let squares: f64 = counts.map(|w| (f64::from(w) - 1.0).powi(2)).sum();
        assert!((squares / 40_000.0 - (1.0 - 1.0 / 200.0)).abs() < 0.036, "{squares}");
    }

    #[test]
    fn images_of_a_batch_come_together() {
        let resamples = ImageResamples::of_batches(Key::new(3), 10, 4, 30);
        for draw in resamples.draws() {
            let weights = resamples.weights(draw);
            for batch in weights.chunks(4) {
                assert!(batch.iter().all(|w| w == &batch[0]));
            }
            assert_eq!(u32::from(weights[0]) + u32::from(weights[4]) + u32::from(weights[8]), 3);
        }
    }

    #[test]
    fn no_images_give_no_resamples() {
        let resamples = ImageResamples::new(Key::new(1), 0, 5);
        assert_eq!((resamples.images(), resamples.draws().len()), (0, 0));
    }
}
