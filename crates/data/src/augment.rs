//! Random changes of training images.

use crate::error::DataError;
use minima_rng::Key;
use ndarray::ArrayViewMut2;
use num_traits::Float;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// The name of the stream of random numbers. No parameter of a network has it.
const STREAM: &str = "augmentation of training images";

/// A random change of a training image. It is drawn anew for each image in each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", from = "Read")]
pub enum Augmentation {
    /// Adds rows and columns of zeros on each side, and cuts a random part of the original size out.
    PadCrop {
        /// The number of rows or columns on each side.
        pixels: u32,
    },
    /// Mirrors the image horizontally, with probability one half.
    Flip,
}

/// The form of an augmentation in a file: `kind`, and the keys of this kind only.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum Read {
    PadCrop { pixels: u32 },
    // A variant without braces would take any key.
    Flip {},
}

impl From<Read> for Augmentation {
    fn from(read: Read) -> Self {
        match read {
            Read::PadCrop { pixels } => Self::PadCrop { pixels },
            Read::Flip {} => Self::Flip,
        }
    }
}

/// Changes images, one per row, of the shape (H, W, C), by all augmentations in order.
///
/// The change of an image is a function of the seed, the epoch and the image's index in the training set alone: the order of
/// the images and their batches do not matter.
///
/// # Errors
///
/// Returns [`DataError::Values`] if the length of a row is not H · W · C, and [`DataError::Pairing`] if there is not one index
/// for each image.
///
/// ```
/// use minima_data::{Augmentation, augment};
/// use ndarray::array;
///
/// // An image of one row is itself or its mirror image.
/// let mut images = array![[0.1, 0.2, 0.3]];
/// augment(images.view_mut(), [1, 3, 1], &[Augmentation::Flip], 42, 1, &[7])?;
/// assert!(images == array![[0.1, 0.2, 0.3]] || images == array![[0.3, 0.2, 0.1]]);
/// # Ok::<(), minima_data::DataError>(())
/// ```
pub fn augment<T: Float>(
    mut images: ArrayViewMut2<'_, T>,
    shape: [usize; 3],
    augmentations: &[Augmentation],
    seed: u64,
    epoch: u32,
    indices: &[u32],
) -> Result<(), DataError> {
    let [height, width, channels] = shape;
    if height.checked_mul(width).and_then(|area| area.checked_mul(channels)) != Some(images.ncols()) {
        return Err(DataError::Values { found: images.ncols(), height, width, channels });
    }
    if images.nrows() != indices.len() {
        return Err(DataError::Pairing {
            images_name: "images".to_string(),
            labels_name: "indices".to_string(),
            images: images.nrows(),
            labels: indices.len(),
        });
    }
    if augmentations.is_empty() || images.is_empty() {
        return Ok(());
    }
    let of_epoch = Key::for_module(seed, STREAM).fold_in(epoch);
    for (mut row, &index) in images.rows_mut().into_iter().zip(indices) {
        let mut image = row.to_vec();
        for (place, augmentation) in (0..).zip(augmentations) {
            let key = of_epoch.fold_in(index).fold_in(place);
            image = match *augmentation {
                Augmentation::PadCrop { pixels } => pad_crop(&image, shape, pixels, key),
                Augmentation::Flip if key.word(0) & 1 == 1 => mirrored(&image, shape),
                Augmentation::Flip => image,
            };
        }
        row.iter_mut().zip(image).for_each(|(to, value)| *to = value);
    }
    Ok(())
}

/// The part of the padded image at a random place.
fn pad_crop<T: Float>(image: &[T], shape: [usize; 3], pixels: u32, key: Key) -> Vec<T> {
    let places = pixels.saturating_mul(2).saturating_add(1);
    let drawn = key.below(2, NonZeroU32::new(places).unwrap_or(NonZeroU32::MIN));
    let [down, right] = [0, 1].map(|axis| drawn.get(axis).map_or(0, |&place| i64::from(place)) - i64::from(pixels));
    cropped(image, shape, down, right)
}

/// The image moved up by `down` rows and left by `right` columns, with zeros where it ends.
fn cropped<T: Float>(image: &[T], [height, width, channels]: [usize; 3], down: i64, right: i64) -> Vec<T> {
    let inside = |place: i64, size: usize| usize::try_from(place).ok().filter(|&place| place < size);
    let mut cropped = Vec::with_capacity(image.len());
    for i in 0..height as i64 {
        for j in 0..width as i64 {
            let from = inside(i + down, height).zip(inside(j + right, width));
            let pixel = from.and_then(|(i, j)| image.chunks_exact(channels).nth(i * width + j));
            match pixel {
                Some(pixel) => cropped.extend_from_slice(pixel),
                None => cropped.resize(cropped.len() + channels, T::zero()),
            }
        }
    }
    cropped
}

/// The image mirrored horizontally.
fn mirrored<T: Float>(image: &[T], [_, width, channels]: [usize; 3]) -> Vec<T> {
    let rows = image.chunks_exact(width * channels);
    rows.flat_map(|row| row.chunks_exact(channels).rev().flatten().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Augmentation, augment, cropped, mirrored};
    use crate::error::DataError;
    use ndarray::{Array2, Axis};

    #[test]
    fn crops_and_mirror_images_are_what_they_are_called() {
        // 2 × 3 pixels of two channels: 1, 2 | 3, 4 | 5, 6 and 7, 8 | 9, 10 | 11, 12.
        let image: Vec<f32> = (1..=12).map(|x| x as f32).collect();
        assert_eq!(mirrored(&image, [2, 3, 2]), [5., 6., 3., 4., 1., 2., 11., 12., 9., 10., 7., 8.]);
        assert_eq!(cropped(&image, [2, 3, 2], 0, 0), image);
        assert_eq!(cropped(&image, [2, 3, 2], 1, 0), [7., 8., 9., 10., 11., 12., 0., 0., 0., 0., 0., 0.]);
        assert_eq!(cropped(&image, [2, 3, 2], 0, -2), [0., 0., 0., 0., 1., 2., 0., 0., 0., 0., 7., 8.]);
        assert_eq!(cropped(&image, [2, 3, 2], 2, 0), [0.; 12]);
    }

    /// Every image's bits are a function of the seed, the epoch and its index.
    #[test]
    fn the_order_of_images_does_not_matter() {
        let shape = [6, 5, 3];
        let both = [Augmentation::PadCrop { pixels: 2 }, Augmentation::Flip];
        let all = Array2::from_shape_fn((40, 90), |(i, j)| ((31 * i + 7 * j) % 97 + 1) as f64 / 97.0);
        let changed = |indices: &[u32], epoch: u32| {
            let places: Vec<usize> = indices.iter().map(|&i| i as usize).collect();
            let mut images = all.select(Axis(0), &places);
            augment(images.view_mut(), shape, &both, 42, epoch, indices).unwrap();
            images
        };
        let order: Vec<u32> = (0..40).collect();
        let shuffled: Vec<u32> = (0..40).map(|i| (i * 17 + 5) % 40).collect();
        let (in_order, in_another) = (changed(&order, 1), changed(&shuffled, 1));
        for (place, &index) in shuffled.iter().enumerate() {
            assert_eq!(in_another.row(place), in_order.row(index as usize));
            assert_eq!(changed(&[index], 1).row(0), in_order.row(index as usize));
        }
        assert_ne!(changed(&order, 2), in_order);
        // All 25 places and both mirror images are about equally frequent: most images change.
        let same = in_order.rows().into_iter().zip(all.rows()).filter(|(a, b)| a == b).count();
        assert!(same < 6, "{same}");
    }

    #[test]
    fn half_of_the_images_are_mirrored() {
        let mut images = Array2::from_shape_fn((1000, 2), |(_, j)| j as f32);
        let indices: Vec<u32> = (0..1000).collect();
        augment(images.view_mut(), [1, 2, 1], &[Augmentation::Flip], 3, 1, &indices).unwrap();
        let mirrored = images.column(0).iter().filter(|&&x| x == 1.0).count();
        assert!((440..560).contains(&mirrored), "{mirrored}");
    }

    #[test]
    fn images_of_another_shape_are_refused() {
        let mut images = Array2::<f32>::zeros((2, 6));
        let found = augment(images.view_mut(), [2, 2, 1], &[Augmentation::Flip], 1, 1, &[0, 1]);
        assert!(matches!(found, Err(DataError::Values { found: 6, .. })));
        let found = augment(images.view_mut(), [2, 3, 1], &[Augmentation::Flip], 1, 1, &[0]);
        assert!(matches!(found, Err(DataError::Pairing { images: 2, labels: 1, .. })));
    }
}
