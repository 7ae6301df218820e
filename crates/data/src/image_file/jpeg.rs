//! JPEG files.

use super::image::{Image, check_size};
use crate::error::DataError;
use jpeg_decoder::{CodingProcess, Decoder, Error, PixelFormat};
use std::path::Path;

/// The number of pixels in a block. Every block takes at least one bit.
const BLOCK: u64 = 8 * 8;

pub(super) fn decode(file: &Path, bytes: &[u8]) -> Result<Image, DataError> {
    let refused = |found: String, expected| DataError::Image { file: file.to_path_buf(), found, expected };
    let broken = |error: Error| refused(format!("a broken JPEG file ({error})"), "a whole JPEG file");
    let mut decoder = Decoder::new(bytes);
    decoder.read_info().map_err(broken)?;
    let Some(info) = decoder.info() else {
        return Err(refused("a JPEG file without a size".to_owned(), "a whole JPEG file"));
    };
    let size = [info.width, info.height].map(u32::from);
    let most = 8 * BLOCK * bytes.len() as u64;
    // Blocks at the edge are whole, so that a thin image has fewer pixels in a bit.
    let [across, down] = size.map(|size| u64::from(size).next_multiple_of(8));
    if across * down > most {
        let (found, expected) = (bytes.len() as u64, u128::from(across * down));
        return Err(DataError::Promise { file: file.to_path_buf(), found, most, expected });
    }
    check_size(file, size, bytes.len(), most)?;
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
