//! JPEG files.

use super::image::{Image, check_size};
use crate::error::DataError;
use jpeg_decoder::{CodingProcess, Decoder, Error, PixelFormat};
use std::path::Path;

/// The maximum number of pixels in a byte: every block of 8 × 8 pixels takes at least one bit.
const PIXELS_PER_BYTE: u64 = 8 * 64;

pub(super) fn decode(file: &Path, bytes: &[u8]) -> Result<Image, DataError> {
    let refused = |found: String, expected| DataError::Image { file: file.to_path_buf(), found, expected };
    let broken = |error: Error| refused(format!("a broken JPEG file ({error})"), "a whole JPEG file");
    let mut decoder = Decoder::new(bytes);
    decoder.read_info().map_err(broken)?;
    let Some(info) = decoder.info() else {
        return Err(refused("a JPEG file without a size".to_owned(), "a whole JPEG file"));
    };
    let most = (bytes.len() as u64).saturating_mul(PIXELS_PER_BYTE);
    check_size(file, [info.width, info.height].map(u32::from), bytes.len(), most)?;
    if info.coding_process == CodingProcess::Lossless {
        return Err(refused("a lossless JPEG file".to_owned(), "a sequential or progressive JPEG file"));
    }
    let channels = match info.pixel_format {
        PixelFormat::L8 => 1,
        PixelFormat::RGB24 => 3,
        other => return Err(refused(format!("a JPEG file of {other:?}"), "a JPEG file in grey or in colour")),
    };
    let pixels = decoder.decode().map_err(broken)?;
    let (height, width) = (usize::from(info.height), usize::from(info.width));
    if pixels.len() != height * width * channels {
        return Err(refused(format!("{} values", pixels.len()), "height × width × channels values"));
    }
    Ok(Image { pixels, height, width, channels })
}
