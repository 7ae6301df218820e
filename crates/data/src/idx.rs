//! IDX files: the format of MNIST and related data sets, plain or gzipped.
//!
//! A file has a header of big-endian 32-bit words (magic number, then one size per dimension), then one byte per entry. The
//! whole stream is checked: its length against the header, and the checksum of a gzip stream.
//!
//! Source: the description of the format that accompanies MNIST (Y. LeCun, C. Cortes, C. J. C. Burges).

use std::{
    io::{self, ErrorKind, Read},
    path::Path,
};

use minima_store::bounded_file::read_at_most;
use ndarray::Array2;

use crate::{
    dataset::check_labels,
    error::DataError,
    gzip::{MOST_SHRINKAGE, Members},
};

/// The magic number of unsigned bytes in three dimensions: images.
pub const IMAGES_MAGIC: u32 = 0x803;

/// The magic number of unsigned bytes in one dimension: labels.
pub const LABELS_MAGIC: u32 = 0x801;

/// The number of classes of labels.
pub const CLASSES: usize = 10;

/// The first bytes of every gzip stream.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The maximum size of a file in bytes, because the path may name a device without end. EMNIST, the largest data set of this
/// kind, has 550 MB.
pub(crate) const LARGEST_FILE: u64 = 1 << 30;

/// Grey images of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// N × (height · width), one image per row, each row by row; 0 to 255.
    pub pixels: Array2<u8>,
    /// The height of an image in pixels.
    pub height: usize,
    /// The width of an image in pixels.
    pub width: usize,
}

/// Reads a file of images, gzipped or plain.
///
/// # Errors
///
/// Returns [`DataError::Missing`] if the file does not exist, [`DataError::Unreadable`] if it cannot be read, and the errors of
/// [`parse_images`].
pub fn read_images(file: &Path) -> Result<Images, DataError> {
    parse_images(file, &read_file(file)?)
}

/// Reads a file of labels, gzipped or plain.
///
/// # Errors
///
/// Returns [`DataError::Missing`] if the file does not exist, [`DataError::Unreadable`] if it cannot be read, and the errors of
/// [`parse_labels`].
pub fn read_labels(file: &Path) -> Result<Vec<u16>, DataError> {
    parse_labels(file, &read_file(file)?)
}

/// Parses the bytes of a file of images. Errors name `file`. If `file` ends in `.gz`, the bytes must be a gzip stream.
///
/// # Errors
///
/// - Returns [`DataError::Gzip`] if the gzip stream is broken, or missing despite the ending `.gz`.
/// - Returns [`DataError::Magic`] if the magic number is not [`IMAGES_MAGIC`].
/// - Returns [`DataError::Dimensions`] if a dimension is zero.
/// - Returns [`DataError::Length`] if the length differs from the header.
/// - Returns [`DataError::Promise`] if the header declares more than a gzip stream of this size can contain. Memory is not
///   allocated by the sizes in the header.
pub fn parse_images(file: &Path, bytes: &[u8]) -> Result<Images, DataError> {
    let ([count, height, width], body) = parse(file, bytes, IMAGES_MAGIC)?;
    let found = body.len();
    let (count, height, width) = (count as usize, height as usize, width as usize);
    let pixels = Array2::from_shape_vec((count, height * width), body).map_err(|_| DataError::Dimensions {
        file: file.to_path_buf(),
        found: format!("{found} pixels"),
        expected: format!("{count} × {height} × {width}"),
    })?;
    Ok(Images { pixels, height, width })
}

/// Parses the bytes of a file of labels. Errors name `file`. If `file` ends in `.gz`, the bytes must be a gzip stream.
///
/// # Errors
///
/// Returns [`DataError::Label`] if a label is [`CLASSES`] or more, and the errors of [`parse_images`], with [`LABELS_MAGIC`] as
/// the magic number.
pub fn parse_labels(file: &Path, bytes: &[u8]) -> Result<Vec<u16>, DataError> {
    let ([_count], labels) = parse(file, bytes, LABELS_MAGIC)?;
    let labels: Vec<u16> = labels.into_iter().map(u16::from).collect();
    check_labels(&file.display().to_string(), &labels, CLASSES)?;
    Ok(labels)
}

/// The bytes of a file on disk.
pub(crate) fn read_file(file: &Path) -> Result<Vec<u8>, DataError> {
    read_at_most(file, LARGEST_FILE).map_err(|source| match source.kind() {
        ErrorKind::NotFound => {
            DataError::Missing { file: file.to_path_buf(), expected: "an IDX file, plain or gzipped".to_string() }
        }
        _ => DataError::Unreadable { file: file.to_path_buf(), source },
    })
}

/// The sizes in the header, and the entries.
fn parse<const D: usize>(file: &Path, bytes: &[u8], magic: u32) -> Result<([u32; D], Vec<u8>), DataError> {
    let broken = |error: io::Error| DataError::Gzip { file: file.to_path_buf(), reason: error.to_string() };
    let gzipped = is_gzip(file, bytes)?;
    let mut stream: Box<dyn Read + '_> = if gzipped { Box::new(Members::new(bytes)) } else { Box::new(bytes) };

    let header = 4 * (D as u64 + 1);
    let mut head = Vec::new();
    let read = (&mut stream).take(header).read_to_end(&mut head);
    read.map_err(broken)?;
    if head.len() as u64 != header {
        return Err(DataError::Length {
            file: file.to_path_buf(),
            found: head.len() as u64,
            expected: u128::from(header),
        });
    }
    let mut words = head.chunks_exact(4).map(|word| word.iter().fold(0, |value, &b| (value << 8) | u32::from(b)));
    let found = words.next().unwrap_or_default();
    if found != magic {
        return Err(DataError::Magic { file: file.to_path_buf(), found, expected: magic });
    }
    let sizes = [0; D].map(|_: u32| words.next().unwrap_or_default());
    let expected = u128::from(header) + entries(file, &sizes)?;

    let length = |found: u64| DataError::Length { file: file.to_path_buf(), found, expected };
    let size = bytes.len() as u64;
    let most = size.saturating_mul(MOST_SHRINKAGE);
    if !gzipped && u128::from(size) != expected {
        return Err(length(size));
    }
    if gzipped && expected > u128::from(most) {
        return Err(DataError::Promise { file: file.to_path_buf(), found: size, most, expected });
    }
    let wanted = u64::try_from(expected).map_err(|_| length(size))? - header;
    let mut body = Vec::new();
    let read = (&mut stream).take(wanted).read_to_end(&mut body);
    read.map_err(broken)?;
    // Reading to the end also checks the gzip trailer.
    let surplus = io::copy(&mut stream, &mut io::sink()).map_err(broken)?;
    let held = header + body.len() as u64 + surplus;
    if u128::from(held) != expected {
        return Err(length(held));
    }
    Ok((sizes, body))
}

/// Whether the bytes are a gzip stream. Returns [`DataError::Gzip`] if a file named `.gz` is not.
fn is_gzip(file: &Path, bytes: &[u8]) -> Result<bool, DataError> {
    let gzipped = bytes.starts_with(&GZIP_MAGIC);
    if !gzipped && file.extension().is_some_and(|ending| ending == "gz") {
        return Err(DataError::Gzip {
            file: file.to_path_buf(),
            reason: format!("the first bytes are {:02x?}", bytes.get(..2).unwrap_or(bytes)),
        });
    }
    Ok(gzipped)
}

/// The number of entries of an array. Returns [`DataError::Dimensions`] if a size is zero. The product of three 32-bit sizes
/// cannot overflow.
fn entries(file: &Path, sizes: &[u32]) -> Result<u128, DataError> {
    if sizes.contains(&0) {
        let shown: Vec<String> = sizes.iter().map(u32::to_string).collect();
        return Err(DataError::Dimensions {
            file: file.to_path_buf(),
            found: format!("dimensions {}", shown.join(" × ")),
            expected: "positive dimensions".to_string(),
        });
    }
    Ok(sizes.iter().map(|&size| u128::from(size)).product())
}
