//! The images of one folder, decoded by all threads.

use super::listing::{ImagePath, Listing};
use crate::{
    error::DataError,
    image_file::{Image, decode},
};
use minima_store::{bounded_file::read_at_most, sha256};
use rayon::prelude::*;
use std::path::PathBuf;

/// The maximum size of the file of an image in bytes.
const LARGEST_FILE: u64 = 1 << 28;

/// The maximum size of all pixels of a set in bytes.
const MOST_BYTES: u64 = 1 << 33;

/// The size in bytes of the images that are decoded before they are appended.
const CHUNK_BYTES: usize = 1 << 26;

/// The maximum number of these images.
const CHUNK_IMAGES: usize = 4096;

/// The images of a training or test set.
pub(super) struct Half {
    /// One image after the other, row by row and channels last; 0 to 255.
    pub(super) pixels: Vec<u8>,
    /// The class of each image.
    pub(super) labels: Vec<u16>,
    /// The height and width of an image in pixels.
    pub(super) size: [usize; 2],
    /// 1 or 3.
    pub(super) channels: usize,
    /// A line `PATH SHA-256` for each file.
    pub(super) hashes: Vec<u8>,
    /// The first file, which determines the size.
    first: PathBuf,
}

impl Half {
    /// Reads images, in the order of the listing. They have the size of the images in `other`, or else of the first image.
    pub(super) fn read(listing: &Listing, other: Option<&Self>) -> Result<Self, DataError> {
        let mut half = Self::empty(listing, other)?;
        let bytes = (half.size[0] * half.size[1] * 3).max(1);
        half.fits(listing.images.len())?;
        half.pixels.reserve_exact(listing.images.len() * half.size[0] * half.size[1] * half.channels);
        for files in listing.images.chunks((CHUNK_BYTES / bytes).clamp(1, CHUNK_IMAGES)) {
            // Results are kept in order, so that the first wrong file is named with any number of threads.
            let images: Vec<_> = files.par_iter().map(|file| half.open(file)).collect();
            for (file, image) in files.iter().zip(images) {
                half.append(file, image?, listing.images.len())?;
            }
        }
        Ok(half)
    }

    /// A set without images, whose size is known.
    fn empty(listing: &Listing, other: Option<&Self>) -> Result<Self, DataError> {
        let (size, channels, first) = match (other, listing.images.first()) {
            (Some(other), _) => (other.size, other.channels, other.first.clone()),
            (None, Some(first)) => {
                let image = decode(&first.file, &read(first)?)?;
                ([image.height, image.width], image.channels, first.file.clone())
            }
            (None, None) => ([0, 0], 1, PathBuf::new()),
        };
        Ok(Self { pixels: Vec::new(), labels: Vec::new(), size, channels, hashes: Vec::new(), first })
    }

    /// Decodes a file. Returns the image and the SHA-256 of the file.
    fn open(&self, file: &ImagePath) -> Result<(Image, String), DataError> {
        let bytes = read(file)?;
        let image = decode(&file.file, &bytes)?;
        let found = [image.height, image.width];
        if found != self.size {
            // An image has at most 2^24 pixels.
            let [found, expected] = [found, self.size].map(|size| size.map(|side| side as u32));
            let (file, first) = (file.file.clone(), self.first.clone());
            return Err(DataError::ImageSize { file, found, expected, first });
        }
        Ok((image, sha256(&bytes)))
    }

    /// Appends an image. The first one in colour makes all others colour. `count` is the number of images in all.
    fn append(&mut self, file: &ImagePath, image: (Image, String), count: usize) -> Result<(), DataError> {
        let (mut image, hash) = image;
        if image.channels > self.channels {
            self.make_colour()?;
            self.fits(count)?;
        }
        if image.channels < self.channels {
            image.pixels = colour(&image.pixels);
        }
        self.pixels.append(&mut image.pixels);
        self.labels.push(file.label);
        for part in [file.relative.as_slice(), b" ", hash.as_bytes(), b"\n"] {
            self.hashes.extend_from_slice(part);
        }
        Ok(())
    }

    /// Makes grey images colour.
    pub(super) fn make_colour(&mut self) -> Result<(), DataError> {
        if self.channels == 1 {
            self.channels = 3;
            self.fits(self.labels.len())?;
            self.pixels = colour(&self.pixels);
        }
        Ok(())
    }

    /// Returns [`DataError::Folder`] if `count` images are too many.
    fn fits(&self, count: usize) -> Result<(), DataError> {
        let [height, width] = self.size;
        let bytes = [count, height, width, self.channels].iter().map(|&size| size as u128).product::<u128>();
        if bytes <= u128::from(MOST_BYTES) {
            return Ok(());
        }
        let file = self.first.parent().and_then(|class| class.parent()).unwrap_or(&self.first).to_path_buf();
        let (found, expected) = (format!("{bytes} bytes of pixels"), format!("at most {MOST_BYTES}"));
        Err(DataError::Folder { file, found, expected })
    }
}

/// Each grey value as red, green and blue.
fn colour(grey: &[u8]) -> Vec<u8> {
    grey.iter().flat_map(|&value| [value; 3]).collect()
}

fn read(file: &ImagePath) -> Result<Vec<u8>, DataError> {
    let unreadable = |source| DataError::Unreadable { file: file.file.clone(), source };
    read_at_most(&file.file, LARGEST_FILE).map_err(unreadable)
}
