use crate::error::DataError;
use std::path::Path;

/// The maximum number of pixels of an image.
pub const MOST_PIXELS: u64 = 1 << 24;

/// A decoded image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// height · width · channels values, row by row and channels last; 0 to 255.
    pub pixels: Vec<u8>,
    /// The height in pixels.
    pub height: usize,
    /// The width in pixels.
    pub width: usize,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
}

/// Checks the size of an image of `width` × `height` pixels in a header, before any pixel is decoded. `most` is the number of pixels
/// that a file of `bytes` bytes can contain.
pub(super) fn check_size(file: &Path, [width, height]: [u32; 2], bytes: usize, most: u64) -> Result<(), DataError> {
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > MOST_PIXELS {
        return Err(DataError::Image {
            file: file.to_path_buf(),
            found: format!("{height} × {width} pixels"),
            expected: "1 to 2^24 pixels",
        });
    }
    if pixels > most {
        let (found, expected) = (bytes as u64, u128::from(pixels));
        return Err(DataError::Promise { file: file.to_path_buf(), found, most, expected });
    }
    Ok(())
}
