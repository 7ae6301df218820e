//! Single images in PNG or JPEG files.
//!
//! The kind of a file follows from its first bytes, not from its name. Files are untrusted: the size in the header is compared with
//! the size of the file before memory is allocated.
//!
//! - PNG: every colour type and bit depth. 16 bits are reduced to 8, palettes become RGB. An opaque alpha channel is dropped.
//! - JPEG: sequential and progressive, grey or colour, 8 bits. The orientation in Exif data is not applied.

mod image;
mod jpeg;
mod png;

use crate::error::DataError;
use std::path::Path;

pub use image::{Image, MOST_PIXELS};

/// The first bytes of every PNG file.
const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The first bytes of every JPEG file: the start of the image, and of a marker.
const JPEG_MAGIC: &[u8] = b"\xff\xd8\xff";

/// The number of bytes at the start of a file that show its kind.
pub(crate) const MAGIC_BYTES: u64 = 8;

/// Whether a file that starts with these bytes is a PNG or JPEG file.
pub(crate) fn is_image(start: &[u8]) -> bool {
    start.starts_with(PNG_MAGIC) || start.starts_with(JPEG_MAGIC)
}

/// Decodes the bytes of a PNG or JPEG file. Errors name `path`.
///
/// # Errors
///
/// - Returns [`DataError::Image`] if the bytes are neither PNG nor JPEG, if they are broken or end early, if the image has more
///   than [`MOST_PIXELS`] pixels, transparent pixels or more than one frame, or if it is in a form that is not supported.
/// - Returns [`DataError::Promise`] if the header declares more pixels than a file of this size can contain.
pub fn decode(path: &Path, bytes: &[u8]) -> Result<Image, DataError> {
    if bytes.starts_with(PNG_MAGIC) {
        return png::decode(path, bytes);
    }
    if bytes.starts_with(JPEG_MAGIC) {
        return jpeg::decode(path, bytes);
    }
    let found = match bytes.get(..bytes.len().min(MAGIC_BYTES as usize)) {
        None | Some([]) => "an empty file".to_owned(),
        Some(start) => format!("a file that starts with {}", start.escape_ascii()),
    };
    Err(DataError::Image { file: path.to_path_buf(), found, expected: "a PNG or JPEG file" })
}
