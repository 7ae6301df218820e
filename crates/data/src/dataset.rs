//! A labelled set of images.

mod chosen;

use ndarray::{ArcArray2, Array2, ArrayView2, Axis, Slice};
use num_traits::Float;

use crate::error::DataError;

/// The number of classes that a two-byte label can distinguish.
pub(crate) const MOST_CLASSES: usize = 65_536;

/// The pixels of images, one image per row, row by row and channels last. Clones share them.
#[derive(Clone, Debug, PartialEq)]
enum Pixels {
    /// 0 to 255.
    Bytes(ArcArray2<u8>),
    /// 0 to 1.
    Floats(ArcArray2<f32>),
}

impl Pixels {
    fn columns(&self) -> usize {
        match self {
            Self::Bytes(pixels) => pixels.ncols(),
            Self::Floats(pixels) => pixels.ncols(),
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Bytes(pixels) => pixels.nrows(),
            Self::Floats(pixels) => pixels.nrows(),
        }
    }

    /// The images `start..end`.
    fn range(mut self, start: usize, end: usize) -> Self {
        let rows = Slice::from(start..end);
        match &mut self {
            Self::Bytes(pixels) => pixels.slice_axis_inplace(Axis(0), rows),
            Self::Floats(pixels) => pixels.slice_axis_inplace(Axis(0), rows),
        }
        self
    }

    /// The images with these indices.
    fn select(&self, indices: &[usize]) -> Self {
        match self {
            Self::Bytes(pixels) => Self::Bytes(pixels.select(Axis(0), indices).into_shared()),
            Self::Floats(pixels) => Self::Floats(pixels.select(Axis(0), indices).into_shared()),
        }
    }
}

/// Images of one shape, each with a label.
///
/// Cloning and [`take`](Dataset::take) share the pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    pixels: Pixels,
    labels: Vec<u16>,
    shape: [usize; 3],
    classes: usize,
}

impl Dataset {
    /// Makes a data set of pixels in bytes.
    ///
    /// - `images`: N × (H · W · C), one image per row, row by row and channels last; 0 to 255.
    /// - `labels`: N classes, each below `classes`.
    /// - `shape`: (H, W, C).
    ///
    /// # Errors
    ///
    /// - Returns [`DataError::Values`] if the length of a row is not H · W · C.
    /// - Returns [`DataError::Classes`] if `classes` is 0 or more than 65 536.
    /// - Returns [`DataError::Pairing`] if the numbers of images and labels differ.
    /// - Returns [`DataError::Label`] if a label is not below `classes`.
    pub fn new(images: Array2<u8>, labels: Vec<u16>, shape: [usize; 3], classes: usize) -> Result<Self, DataError> {
        let row_major = if images.is_standard_layout() { images } else { images.as_standard_layout().into_owned() };
        Self::of(Pixels::Bytes(row_major.into_shared()), labels, shape, classes)
    }

    /// Makes a data set of pixels in [0, 1], as [`new`](Self::new) does.
    ///
    /// # Errors
    ///
    /// Returns [`DataError::Pixel`] if a pixel is NaN or not in [0, 1], and the errors of [`new`](Self::new).
    pub fn from_unit_floats(
        images: Array2<f32>,
        labels: Vec<u16>,
        shape: [usize; 3],
        classes: usize,
    ) -> Result<Self, DataError> {
        let row_major = if images.is_standard_layout() { images } else { images.as_standard_layout().into_owned() };
        if let Some((position, &found)) = row_major.iter().enumerate().find(|(_, pixel)| !(0.0..=1.0).contains(*pixel))
        {
            let image = position / row_major.ncols().max(1);
            return Err(DataError::Pixel { source_name: "images".to_string(), found, image });
        }
        Self::of(Pixels::Floats(row_major.into_shared()), labels, shape, classes)
    }

    fn of(pixels: Pixels, labels: Vec<u16>, shape: [usize; 3], classes: usize) -> Result<Self, DataError> {
        let [height, width, channels] = shape;
        let size = height.checked_mul(width).and_then(|area| area.checked_mul(channels));
        if size != Some(pixels.columns()) {
            return Err(DataError::Values { found: pixels.columns(), height, width, channels });
        }
        if !(1..=MOST_CLASSES).contains(&classes) {
            return Err(DataError::Classes { found: classes, expected: "1 to 65536" });
        }
        Self { pixels, labels: Vec::new(), shape, classes }.with_labels(labels)
    }

    /// The same images with other labels, such as poisoned ones.
    ///
    /// # Errors
    ///
    /// Returns [`DataError::Pairing`] if the numbers of images and labels differ, and [`DataError::Label`] if a label is not
    /// below the number of classes.
    pub fn with_labels(self, labels: Vec<u16>) -> Result<Self, DataError> {
        if labels.len() != self.pixels.rows() {
            return Err(DataError::Pairing {
                images_name: "images".to_string(),
                labels_name: "labels".to_string(),
                images: self.pixels.rows(),
                labels: labels.len(),
            });
        }
        check_labels("labels", &labels, self.classes)?;
        Ok(Self { labels, ..self })
    }

    /// The number of images, N.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether the data set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The images as bytes, N × (H · W · C), 0 to 255. Returns `None` if the pixels are floating-point numbers.
    #[must_use]
    pub fn bytes(&self) -> Option<ArrayView2<'_, u8>> {
        match &self.pixels {
            Pixels::Bytes(pixels) => Some(pixels.view()),
            Pixels::Floats(_) => None,
        }
    }

    /// The class of each image.
    #[must_use]
    pub fn labels(&self) -> &[u16] {
        &self.labels
    }

    /// The shape (H, W, C) of an image.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The number of values of an image, H · W · C.
    #[must_use]
    pub fn features(&self) -> usize {
        self.pixels.columns()
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The first `n` images, or all if there are fewer.
    #[must_use]
    pub fn take(&self, n: usize) -> Self {
        self.range(0, n)
    }

    /// The first `n` images, or all if there are fewer, and the remaining images.
    #[must_use]
    pub fn split_at(&self, n: usize) -> (Self, Self) {
        (self.take(n), self.range(n, self.len()))
    }

    /// The images `start..end`, both bounds limited to the number of images.
    fn range(&self, start: usize, end: usize) -> Self {
        let end = end.min(self.len());
        let start = start.min(end);
        let pixels = self.pixels.clone().range(start, end);
        Self { pixels, labels: self.labels[start..end].to_vec(), ..*self }
    }

    /// The images with these indices, in the order of `indices`.
    ///
    /// # Errors
    ///
    /// Returns [`DataError::Index`] if an index is not below the number of images.
    pub fn select(&self, indices: &[u32]) -> Result<Self, DataError> {
        let labels = self.labels_of(indices)?;
        let indices: Vec<usize> = indices.iter().map(|&index| index as usize).collect();
        let labels = labels.into_iter().map(|label| label as u16).collect();
        Ok(Self { pixels: self.pixels.select(&indices), labels, ..*self })
    }

    /// The labels of the images with these indices.
    fn labels_of(&self, indices: &[u32]) -> Result<Vec<usize>, DataError> {
        let label = |&found: &u32| {
            let label = self.labels.get(found as usize).ok_or(DataError::Index { found, len: self.len() })?;
            Ok(usize::from(*label))
        };
        indices.iter().map(label).collect()
    }

    /// The images with these indices as numbers in [0, 1], one per row, and their labels, in the order of `indices`.
    ///
    /// A byte becomes `byte / 255` in double precision, rounded once to `T`. Floating-point pixels are not changed.
    ///
    /// # Errors
    ///
    /// Returns [`DataError::Index`] if an index is not below the number of images.
    pub fn batch<T: Float>(&self, indices: &[u32]) -> Result<(Array2<T>, Vec<usize>), DataError> {
        let labels = self.labels_of(indices)?;
        let mut batch = Array2::from_elem((indices.len(), self.features()), T::zero());
        let values = unit_values::<T>();
        for (mut row, &index) in batch.rows_mut().into_iter().zip(indices) {
            match &self.pixels {
                Pixels::Bytes(pixels) => row.zip_mut_with(&pixels.row(index as usize), |value, &byte| {
                    *value = values[usize::from(byte)];
                }),
                Pixels::Floats(pixels) => row.zip_mut_with(&pixels.row(index as usize), |value, &pixel| {
                    *value = float(pixel);
                }),
            }
        }
        Ok((batch, labels))
    }

    /// All images and labels, in the form of [`batch`](Dataset::batch).
    #[must_use]
    pub fn all<T: Float>(&self) -> (Array2<T>, Vec<usize>) {
        let images = match &self.pixels {
            Pixels::Bytes(pixels) => {
                let values = unit_values::<T>();
                pixels.map(|&byte| values[usize::from(byte)])
            }
            Pixels::Floats(pixels) => pixels.map(|&pixel| float(pixel)),
        };
        (images, self.labels.iter().map(|&l| usize::from(l)).collect())
    }
}

/// Returns [`DataError::Label`] for the first label that is not below `classes`.
pub(crate) fn check_labels(name: &str, labels: &[u16], classes: usize) -> Result<(), DataError> {
    let wrong = |&(_, &label): &(usize, &u16)| usize::from(label) >= classes;
    match labels.iter().enumerate().find(wrong) {
        None => Ok(()),
        Some((position, &found)) => Err(DataError::Label { source_name: name.to_string(), found, position, classes }),
    }
}

/// A pixel as a number of the network.
fn float<T: Float>(pixel: f32) -> T {
    T::from(pixel).unwrap_or_else(T::nan)
}

/// The value of each byte, from 0 to 1.
fn unit_values<T: Float>() -> [T; 256] {
    std::array::from_fn(|byte| T::from(byte as f64 / 255.0).unwrap_or_else(T::nan))
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::Dataset;
    use crate::error::DataError;

    fn four() -> Dataset {
        let images = Array2::from_shape_fn((4, 6), |(i, j)| (40 * i + j) as u8);
        Dataset::new(images, vec![0, 1, 2, 1], [2, 3, 1], 3).unwrap()
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let images = || Array2::<u8>::zeros((2, 6));
        let wrong_shape = Dataset::new(images(), vec![0, 0], [2, 2, 1], 2);
        assert!(matches!(wrong_shape, Err(DataError::Values { found: 6, .. })));
        let overflow = Dataset::new(images(), vec![0, 0], [usize::MAX, 2, 2], 2);
        assert!(matches!(overflow, Err(DataError::Values { .. })));
        let unpaired = Dataset::new(images(), vec![0], [2, 3, 1], 2);
        assert!(matches!(unpaired, Err(DataError::Pairing { images: 2, labels: 1, .. })));
        for classes in [0, 65_537] {
            let found = Dataset::new(images(), vec![0, 0], [2, 3, 1], classes);
            assert!(matches!(found, Err(DataError::Classes { .. })));
        }
        let label = Dataset::new(images(), vec![0, 2], [2, 3, 1], 2);
        assert!(matches!(label, Err(DataError::Label { found: 2, position: 1, .. })));
    }

    #[test]
    fn batches_follow_their_indices() {
        let data = four();
        let (pixels, labels) = data.batch::<f32>(&[2, 0, 2]).unwrap();
        assert_eq!(labels, [2, 0, 2]);
        assert_eq!(pixels[[0, 1]], (81.0 / 255.0f64) as f32);
        assert_eq!(pixels.row(0), pixels.row(2));
        assert_eq!(pixels[[1, 5]], (5.0 / 255.0f64) as f32);
        let (all, _) = data.all::<f32>();
        assert_eq!(all.row(2), pixels.row(0));
        let beyond = data.batch::<f64>(&[0, 4]);
        assert!(matches!(beyond, Err(DataError::Index { found: 4, len: 4 })));
        assert_eq!(data.batch::<f64>(&[]).unwrap().0.dim(), (0, 6));
    }

    #[test]
    fn takes_the_first() {
        let data = four();
        let two = data.take(2);
        assert_eq!((two.len(), two.labels()), (2, &[0, 1][..]));
        assert_eq!(two.bytes().unwrap().dim(), (2, 6));
        assert_eq!(two.bytes().unwrap().row(1), data.bytes().unwrap().row(1));
        assert_eq!(data.take(9), data);
        assert!(data.take(0).is_empty());
        let (first, rest) = data.split_at(3);
        assert_eq!((first, rest.labels(), rest.len()), (data.take(3), &[1][..], 1));
        assert_eq!(rest.bytes().unwrap().row(0), data.bytes().unwrap().row(3));
        assert!(data.split_at(9).1.is_empty());
        assert_eq!(two.with_labels(vec![2, 2]).unwrap().labels(), [2, 2]);
    }
}
