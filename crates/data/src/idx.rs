//! IDX files: the format of MNIST and related data sets, plain or gzipped.
//!
//! A file has a header of big-endian 32-bit words (magic number, then one size per dimension), then the entries. Pixels are unsigned
//! bytes. Labels are unsigned bytes, or big-endian signed numbers of 2 or 4 bytes. The whole stream is checked: its length against the
//! header, and the checksum of a gzip stream.
//!
//! Source: the description of the format that accompanies MNIST (Y. LeCun, C. Cortes, C. J. C. Burges).

use std::{
    io::{self, ErrorKind, Read},
    path::Path,
};

use minima_store::bounded_file::read_at_most;
use ndarray::Array2;

use crate::{
    error::DataError,
    gzip::{MOST_SHRINKAGE, Members},
};

/// The magic number of unsigned bytes in three dimensions: images.
pub const IMAGES_MAGIC: u32 = 0x803;

/// The magic number of unsigned bytes in four dimensions: images with channels last.
pub const CHANNELS_MAGIC: u32 = 0x804;

/// The magic number of unsigned bytes in one dimension: labels.
pub const LABELS_MAGIC: u32 = 0x801;

/// The magic number of signed numbers of 2 bytes in one dimension: labels.
pub const SHORT_LABELS_MAGIC: u32 = 0xB01;

/// The magic number of signed numbers of 4 bytes in one dimension: labels.
pub const INT_LABELS_MAGIC: u32 = 0xC01;

/// The first bytes of every gzip stream.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The maximum size of a file in bytes, because the path may name a device without end. EMNIST, the largest data set of this
/// kind, has 550 MB.
pub(crate) const LARGEST_FILE: u64 = 1 << 30;

/// Images of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// N × (height · width · channels), one image per row, each row by row and channels last; 0 to 255.
    pub pixels: Array2<u8>,
    /// The height of an image in pixels.
    pub height: usize,
    /// The width of an image in pixels.
    pub width: usize,
    /// The number of channels; 1 in files of three dimensions.
    pub channels: usize,
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
/// - Returns [`DataError::Magic`] if the magic number is neither [`IMAGES_MAGIC`] nor [`CHANNELS_MAGIC`].
/// - Returns [`DataError::Dimensions`] if a dimension is zero.
/// - Returns [`DataError::Length`] if the length differs from the header.
/// - Returns [`DataError::Promise`] if the header declares more than a gzip stream of this size can contain. Memory is not
///   allocated by the sizes in the header.
pub fn parse_images(file: &Path, bytes: &[u8]) -> Result<Images, DataError> {
    let (header, body) = parse(file, bytes, &[IMAGES_MAGIC, CHANNELS_MAGIC])?;
    let sizes: Vec<usize> = header.sizes.iter().map(|&size| size as usize).collect();
    let found = format!("{} pixels in {} dimensions", body.len(), sizes.len());
    let wrong =
        || DataError::Dimensions {
            file: file.to_path_buf(), found, expected: "N × H × W or N × H × W × C".into()
        };
    let (count, height, width, channels) = match *sizes.as_slice() {
        [count, height, width] => (count, height, width, 1),
        [count, height, width, channels] => (count, height, width, channels),
        _ => return Err(wrong()),
    };
    // The product is the length of the body, so it does not overflow.
    let pixels = Array2::from_shape_vec((count, height * width * channels), body).map_err(|_| wrong())?;
    Ok(Images { pixels, height, width, channels })
}

/// Parses the bytes of a file of labels. Errors name `file`. If `file` ends in `.gz`, the bytes must be a gzip stream.
///
/// # Errors
///
/// Returns [`DataError::LabelValue`] if a label is negative or above 65 535, and the errors of [`parse_images`], with
/// [`LABELS_MAGIC`], [`SHORT_LABELS_MAGIC`] or [`INT_LABELS_MAGIC`] as the magic number.
pub fn parse_labels(file: &Path, bytes: &[u8]) -> Result<Vec<u16>, DataError> {
    let (header, body) = parse(file, bytes, &[LABELS_MAGIC, SHORT_LABELS_MAGIC, INT_LABELS_MAGIC])?;
    let label = |(position, found): (usize, i32)| {
        let source_name = || file.display().to_string();
        u16::try_from(found).map_err(|_| DataError::LabelValue {
            source_name: source_name(),
            found: found.into(),
            position,
        })
    };
    match header.magic {
        SHORT_LABELS_MAGIC => {
            let (labels, _) = body.as_chunks();
            labels.iter().map(|&bytes| i16::from_be_bytes(bytes).into()).enumerate().map(label).collect()
        }
        INT_LABELS_MAGIC => {
            let (labels, _) = body.as_chunks();
            labels.iter().map(|&bytes| i32::from_be_bytes(bytes)).enumerate().map(label).collect()
        }
        _ => Ok(body.into_iter().map(u16::from).collect()),
    }
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

/// A header.
struct Header {
    magic: u32,
    /// The size of each dimension.
    sizes: Vec<u32>,
}

/// The number of dimensions in a magic number.
fn dimensions(magic: u32) -> u64 {
    u64::from(magic & 0xff)
}

/// The size in bytes of an entry, by the type in a magic number.
fn entry_bytes(magic: u32) -> u128 {
    match magic >> 8 {
        0xB => 2,
        0xC => 4,
        _ => 1,
    }
}

/// The header, and the bytes of the entries. The magic number is one of `magics`, the first of which has the fewest dimensions.
fn parse(file: &Path, bytes: &[u8], magics: &[u32]) -> Result<(Header, Vec<u8>), DataError> {
    let broken = |error: io::Error| DataError::Gzip { file: file.to_path_buf(), reason: error.to_string() };
    let gzipped = is_gzip(file, bytes)?;
    let mut stream: Box<dyn Read + '_> = if gzipped { Box::new(Members::new(bytes)) } else { Box::new(bytes) };

    let mut head = Vec::new();
    let mut read_head = |head: &mut Vec<u8>, length: u64| {
        let missing = length.saturating_sub(head.len() as u64);
        (&mut stream).take(missing).read_to_end(head).map_err(broken)?;
        if head.len() as u64 == length {
            return Ok(());
        }
        let (found, expected) = (head.len() as u64, u128::from(length));
        Err(DataError::Length { file: file.to_path_buf(), found, expected })
    };
    let first = magics.first().copied().unwrap_or_default();
    read_head(&mut head, 4 * (dimensions(first) + 1))?;
    let magic = word(&head);
    if !magics.contains(&magic) {
        return Err(DataError::Magic { file: file.to_path_buf(), found: magic, expected: first });
    }
    let header = 4 * (dimensions(magic) + 1);
    read_head(&mut head, header)?;
    let sizes: Vec<u32> = head.chunks_exact(4).skip(1).map(word).collect();
    let expected = entries(file, &sizes)?.saturating_mul(entry_bytes(magic)).saturating_add(header.into());

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
    Ok((Header { magic, sizes }, body))
}

/// The big-endian number in the first four bytes.
fn word(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |value, &byte| (value << 8) | u32::from(byte))
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

/// The number of entries of an array, or the largest number if the product of the sizes overflows. Returns
/// [`DataError::Dimensions`] if a size is zero.
fn entries(file: &Path, sizes: &[u32]) -> Result<u128, DataError> {
    if sizes.contains(&0) {
        let shown: Vec<String> = sizes.iter().map(u32::to_string).collect();
        return Err(DataError::Dimensions {
            file: file.to_path_buf(),
            found: format!("dimensions {}", shown.join(" × ")),
            expected: "positive dimensions".to_string(),
        });
    }
    Ok(sizes.iter().fold(1, |product: u128, &size| product.saturating_mul(size.into())))
}
