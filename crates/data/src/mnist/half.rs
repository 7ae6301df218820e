//! The two files of a training or test set.

use crate::{
    dataset::Dataset,
    error::DataError,
    hash::FileHash,
    idx::{self, Images},
};
use std::path::{Path, PathBuf};

/// A check of a file's SHA-256 against a known one, before the file is parsed.
pub(super) type Check = fn(&FileHash, &str) -> Result<(), DataError>;

/// The images and labels of a set, as many of each.
pub(super) struct Half {
    images: Images,
    /// The class of each image.
    pub(super) labels: Vec<u16>,
    /// The file of the images.
    pub(super) file: PathBuf,
    /// The files of the images and of the labels.
    pub(super) hashes: Vec<FileHash>,
}

impl Half {
    /// Reads the files of these names, each with a known SHA-256.
    pub(super) fn read(
        dir: &Path,
        images: (&str, &str),
        labels: (&str, &str),
        check: Check,
    ) -> Result<Self, DataError> {
        let (images_file, image_bytes, images_hash) = read(dir, images, check)?;
        let (labels_file, label_bytes, labels_hash) = read(dir, labels, check)?;
        let labels = idx::parse_labels(&labels_file, &label_bytes)?;
        let images = idx::parse_images(&images_file, &image_bytes)?;
        if images.pixels.nrows() != labels.len() {
            return Err(DataError::Pairing {
                images_name: images_file.display().to_string(),
                labels_name: labels_file.display().to_string(),
                images: images.pixels.nrows(),
                labels: labels.len(),
            });
        }
        Ok(Self { images, labels, file: images_file, hashes: vec![images_hash, labels_hash] })
    }

    /// The shape (H, W, C) of an image.
    pub(super) fn shape(&self) -> [usize; 3] {
        [self.images.height, self.images.width, self.images.channels]
    }

    /// The images and labels in this number of classes.
    pub(super) fn dataset(self, classes: usize) -> Result<Dataset, DataError> {
        let shape = self.shape();
        let labels_name = self.hashes.last().map(|hash| hash.file.display().to_string());
        Dataset::new(self.images.pixels, self.labels, shape, classes).map_err(|error| match (error, labels_name) {
            (DataError::Label { found, position, classes, .. }, Some(source_name)) => {
                DataError::Label { source_name, found, position, classes }
            }
            (other, _) => other,
        })
    }
}

fn read(dir: &Path, (name, known): (&str, &str), check: Check) -> Result<(PathBuf, Vec<u8>, FileHash), DataError> {
    let file = locate(dir, name).ok_or_else(|| DataError::Missing {
        file: dir.join(format!("{name}.gz")),
        expected: format!("{name}.gz or {name}"),
    })?;
    let bytes = idx::read_file(&file)?;
    let hash = FileHash::of(&file, &bytes);
    check(&hash, known)?;
    Ok((file, bytes, hash))
}

/// The path of a file: `NAME.gz` if it exists, else `NAME`, else the same for a name of other dimensions or another type.
pub(super) fn locate(dir: &Path, name: &str) -> Option<PathBuf> {
    let others =
        [name.to_owned(), name.replace("idx3", "idx4"), name.replace("ubyte", "short"), name.replace("ubyte", "int")];
    // Pixels have one type, and labels one dimension.
    let fits = |other: &&String| other.as_str() == name || other.contains("idx4") || other.contains("idx1");
    let files = others.iter().filter(fits).flat_map(|name| [dir.join(format!("{name}.gz")), dir.join(name)]);
    files.into_iter().find(|file| file.is_file())
}
