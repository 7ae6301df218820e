//! Images chosen at random from a data set, and the images that remain.

use super::Dataset;
use minima_rng::Key;

impl Dataset {
    /// Holds out `count` images, or all if there are fewer. Equal sizes, counts and seeds hold out the same places.
    ///
    /// Returns the remaining and the held-out images. Both keep the order of the images.
    ///
    /// ```
    /// # use minima_data::{DataError, Dataset};
    /// # fn check(data: &Dataset) {
    /// let (train, held_out) = data.hold_out(1_000, 0);
    /// assert_eq!(train.len() + held_out.len(), data.len());
    /// # }
    /// ```
    #[must_use]
    pub fn hold_out(&self, count: usize, seed: u64) -> (Self, Self) {
        self.choose(count, Key::for_module(seed, "held out"))
    }

    /// Chooses the first `count` entries of a permutation, or all if there are fewer. Returns the remaining and the chosen
    /// images, both in the order of the images.
    pub(crate) fn choose(&self, count: usize, key: Key) -> (Self, Self) {
        let permutation = key.permutation(self.len());
        let (chosen, rest) = permutation.split_at_checked(count).unwrap_or((&permutation, &[]));
        (self.in_order(rest), self.in_order(chosen))
    }

    /// The images at these places, in the order of the images.
    fn in_order(&self, places: &[u32]) -> Self {
        let mut places: Vec<usize> = places.iter().map(|&place| place as usize).collect();
        places.retain(|&place| place < self.len());
        places.sort_unstable();
        let labels = places.iter().filter_map(|&place| self.labels.get(place).copied()).collect();
        Self { pixels: self.pixels.select(&places), labels, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use crate::dataset::Dataset;
    use ndarray::Array2;

    /// Images whose first pixel is their place, and whose label is too.
    fn numbered(images: usize) -> Dataset {
        let pixels = Array2::from_shape_fn((images, 2), |(image, _)| image as u8);
        Dataset::new(pixels, (0..images as u16).collect(), [1, 2, 1], 256).unwrap()
    }

    #[test]
    fn every_image_is_in_one_of_both_sets() {
        let data = numbered(100);
        let (rest, held_out) = data.hold_out(30, 7);
        assert_eq!((rest.len(), held_out.len()), (70, 30));
        for set in [&rest, &held_out] {
            assert!(set.labels().is_sorted());
            let first = set.bytes().unwrap().column(0).to_vec();
            assert!(first.iter().zip(set.labels()).all(|(&pixel, &label)| u16::from(pixel) == label));
        }
        let mut all = [rest.labels(), held_out.labels()].concat();
        all.sort_unstable();
        assert_eq!(all, data.labels());
        assert_ne!(held_out.labels(), data.hold_out(30, 8).1.labels());
    }

    #[test]
    fn none_and_all_may_be_held_out() {
        let data = numbered(5);
        assert_eq!(data.hold_out(0, 0).0, data);
        assert_eq!(data.hold_out(5, 0).1, data);
        let (rest, all) = data.hold_out(9, 0);
        assert!(rest.is_empty() && all == data);
    }
}
