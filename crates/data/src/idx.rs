//! IDX files: the format in which MNIST and its kin are given, plain or gzipped.
//!
//! A header of big-endian 32-bit words (magic number, then one size a dimension) and then one byte an entry. The whole
//! stream is checked: its length against its header, and a gzip stream's checksum.
//!
//! Source: the description of the format that accompanies MNIST (Y. LeCun, C. Cortes, C. J. C. Burges).

use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::Path,
};

use ndarray::Array2;

use crate::{error::DataError, gzip::Members};

/// The magic number of unsigned bytes in three dimensions: images.
pub const IMAGES_MAGIC: u32 = 0x803;

/// The magic number of unsigned bytes in one dimension: labels.
pub const LABELS_MAGIC: u32 = 0x801;

/// The number of classes that labels may name.
pub const CLASSES: usize = 10;

/// The first bytes of every gzip stream.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// No more bytes of a file are read: the path may name a device that never ends. EMNIST, the largest of MNIST's kin, has 550 MB.
const LARGEST_FILE: u64 = 1 << 30;

/// Deflate cannot shrink by more than this factor.
const MOST_SHRINKAGE: u64 = 1032;

/// Grey images of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// N × (height · width), one image a row, each row by row; 0 to 255.
    pub pixels: Array2<u8>,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
}

/// Reads a file of images, gzipped or plain.
///
/// # Errors
///
/// As [`parse_images`], and [`DataError::Missing`] or [`DataError::Unreadable`].
pub fn read_images(file: &Path) -> Result<Images, DataError> {
    parse_images(file, &read_file(file)?)
}

/// Reads a file of labels, gzipped or plain.
///
/// # Errors
///
/// As [`parse_labels`], and [`DataError::Missing`] or [`DataError::Unreadable`].
pub fn read_labels(file: &Path) -> Result<Vec<u8>, DataError> {
    parse_labels(file, &read_file(file)?)
}

/// Reads images from the bytes of a file; `file` names it in errors, and an ending `.gz` demands a gzip stream.
///
/// # Errors
///
/// [`DataError::Gzip`], [`DataError::Magic`], [`DataError::Dimensions`] where one is zero, [`DataError::Length`] or
/// [`DataError::Promise`]; nothing is allocated for what a header promises and the file cannot hold.
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

/// Reads labels from the bytes of a file; `file` names it in errors, and an ending `.gz` demands a gzip stream.
///
/// # Errors
///
/// As [`parse_images`], and [`DataError::Label`] for a label of [`CLASSES`] or more.
pub fn parse_labels(file: &Path, bytes: &[u8]) -> Result<Vec<u8>, DataError> {
    let ([_count], labels) = parse(file, bytes, LABELS_MAGIC)?;
    check_labels(&file.display().to_string(), &labels, CLASSES)?;
    Ok(labels)
}

/// Demands that every label is below `classes`.
pub(crate) fn check_labels(name: &str, labels: &[u8], classes: usize) -> Result<(), DataError> {
    let wrong = |&(_, &label): &(usize, &u8)| usize::from(label) >= classes;
    match labels.iter().enumerate().find(wrong) {
        None => Ok(()),
        Some((position, &found)) => Err(DataError::Label { source_name: name.to_string(), found, position, classes }),
    }
}

/// The bytes of a file as they lie on the disk.
pub(crate) fn read_file(file: &Path) -> Result<Vec<u8>, DataError> {
    read_bounded(file).map_err(|source| match source.kind() {
        ErrorKind::NotFound => {
            DataError::Missing { file: file.to_path_buf(), expected: "an IDX file, plain or gzipped".to_string() }
        }
        _ => DataError::Unreadable { file: file.to_path_buf(), source },
    })
}

/// The bytes of a file of a reasonable size.
pub(crate) fn read_bounded(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("found more than {LARGEST_FILE} bytes")));
    }
    Ok(bytes)
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
    // Reading to the very end checks the gzip trailer too.
    let surplus = io::copy(&mut stream, &mut io::sink()).map_err(broken)?;
    let held = header + body.len() as u64 + surplus;
    if u128::from(held) != expected {
        return Err(length(held));
    }
    Ok((sizes, body))
}

/// Whether the bytes are a gzip stream, which a file named `.gz` has to be.
fn is_gzip(file: &Path, bytes: &[u8]) -> Result<bool, DataError> {
    let gzipped = bytes.starts_with(&GZIP_MAGIC);
    if !gzipped && file.extension().is_some_and(|ending| ending == "gz") {
        return Err(DataError::Gzip {
            file: file.to_path_buf(),
            reason: format!("it begins with {:02x?}", bytes.get(..2).unwrap_or(bytes)),
        });
    }
    Ok(gzipped)
}

/// The number of entries of an array, none of whose sizes is zero; three 32-bit sizes cannot overflow it.
fn entries(file: &Path, sizes: &[u32]) -> Result<u128, DataError> {
    if sizes.contains(&0) {
        let shown: Vec<String> = sizes.iter().map(u32::to_string).collect();
        return Err(DataError::Dimensions {
            file: file.to_path_buf(),
            found: format!("dimensions {}", shown.join(" × ")),
            expected: "positive ones".to_string(),
        });
    }
    Ok(sizes.iter().map(|&size| u128::from(size)).product())
}
