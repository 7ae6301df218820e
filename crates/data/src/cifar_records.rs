//! The records of CIFAR-10 and CIFAR-100: one or two labels, then the red, the green and the blue plane of a 32 × 32 image.

use crate::{
    dataset::{Dataset, check_labels},
    error::DataError,
    hash::FileHash,
};
use minima_store::bounded_file::read_at_most;
use ndarray::Array2;
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

/// The shape (H, W, C) of an image.
pub(crate) const SHAPE: [usize; 3] = [32, 32, 3];

/// The number of values in one colour plane.
const PLANE: usize = SHAPE[0] * SHAPE[1];

/// The number of values in an image.
pub(crate) const FEATURES: usize = PLANE * SHAPE[2];

/// The maximum size of a file in bytes.
const LARGEST_FILE: u64 = 1 << 30;

/// A kind of records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Records {
    /// The name of the data set.
    pub(crate) name: &'static str,
    /// The number of labels before an image, one byte each. The last one is the class.
    pub(crate) labels: usize,
    /// The number of classes.
    pub(crate) classes: usize,
}

impl Records {
    /// The size of a record in bytes.
    pub(crate) const fn bytes(self) -> usize {
        self.labels + FEATURES
    }

    /// Reads several files as one data set, with the SHA-256 of each.
    pub(crate) fn read(self, files: &[PathBuf]) -> Result<(Dataset, Vec<FileHash>), DataError> {
        let (mut pixels, mut labels, mut hashes) = (Vec::new(), Vec::new(), Vec::new());
        for file in files {
            let bytes = self.read_file(file)?;
            hashes.push(FileHash::of(file, &bytes));
            self.append(file, &bytes, &mut pixels, &mut labels)?;
        }
        Ok((self.dataset(pixels, labels)?, hashes))
    }

    /// Parses the bytes of a file. Errors name `file`.
    pub(crate) fn parse(self, file: &Path, bytes: &[u8]) -> Result<Dataset, DataError> {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        self.append(file, bytes, &mut pixels, &mut labels)?;
        self.dataset(pixels, labels)
    }

    /// Appends the records of a file to `pixels` and `labels`, channels last.
    fn append(self, file: &Path, bytes: &[u8], pixels: &mut Vec<u8>, labels: &mut Vec<u16>) -> Result<(), DataError> {
        let found = bytes.len() as u64;
        if !self.is_whole(found) {
            return Err(DataError::Records { file: file.to_path_buf(), found, record: self.bytes() });
        }
        let start = labels.len();
        let records = bytes.chunks_exact(self.bytes());
        pixels.reserve_exact(records.len() * FEATURES);
        for (before, planes) in records.filter_map(|record| record.split_at_checked(self.labels)) {
            labels.extend(before.last().copied().map(u16::from));
            let (red, rest) = planes.split_at(PLANE);
            let (green, blue) = rest.split_at(PLANE);
            pixels.extend(red.iter().zip(green).zip(blue).flat_map(|((&r, &g), &b)| [r, g, b]));
        }
        check_labels(&file.display().to_string(), labels.get(start..).unwrap_or_default(), self.classes)
    }

    fn dataset(self, pixels: Vec<u8>, labels: Vec<u16>) -> Result<Dataset, DataError> {
        let [height, width, channels] = SHAPE;
        let values = DataError::Values { found: pixels.len() / labels.len().max(1), height, width, channels };
        let images = Array2::from_shape_vec((labels.len(), FEATURES), pixels).map_err(|_| values)?;
        Dataset::new(images, labels, SHAPE, self.classes)
    }

    /// Whether a file of this size contains one or more whole records.
    fn is_whole(self, bytes: u64) -> bool {
        bytes > 0 && bytes.is_multiple_of(self.bytes() as u64)
    }

    /// Reads a file of whole records. A file of another size is refused before it is read.
    fn read_file(self, path: &Path) -> Result<Vec<u8>, DataError> {
        let file = path.to_path_buf();
        let failed = |source: std::io::Error| match source.kind() {
            ErrorKind::NotFound => {
                let expected = format!("a file of {}'s binary version", self.name);
                DataError::Missing { file: path.to_path_buf(), expected }
            }
            _ => DataError::Unreadable { file: path.to_path_buf(), source },
        };
        let length = fs::metadata(path).map_err(failed)?.len();
        if path.is_file() && !self.is_whole(length) {
            return Err(DataError::Records { file, found: length, record: self.bytes() });
        }
        read_at_most(path, LARGEST_FILE).map_err(failed)
    }
}

/// A file of a folder: directly in it, or else in its subfolder `inner`, where other programs unpack the archive.
pub(crate) fn locate(folder: &Path, inner: &str, name: &str) -> PathBuf {
    let inside = folder.join(inner).join(name);
    if inside.is_file() && !folder.join(name).is_file() { inside } else { folder.join(name) }
}
