//! PNG files.

use super::image::{Image, check_size};
use crate::{error::DataError, gzip::MOST_SHRINKAGE};
use png::{ColorType, Decoder, Limits, Transformations};
use std::path::Path;

/// The maximum memory for the chunks of a file in bytes.
const CHUNK_BYTES: usize = 1 << 26;

pub(super) fn decode(file: &Path, bytes: &[u8]) -> Result<Image, DataError> {
    let refused = |found: String, expected| DataError::Image { file: file.to_path_buf(), found, expected };
    let broken = |error| refused(format!("a broken PNG file ({error})"), "a whole PNG file");
    let mut decoder = Decoder::new_with_limits(bytes, Limits { bytes: CHUNK_BYTES });
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.ignore_checksums(false);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(broken)?;
    // At most 8 pixels in a byte, in a grey image of one bit.
    let bits = header.bits_per_pixel().max(1) as u64;
    let most = (bytes.len() as u64).saturating_mul(MOST_SHRINKAGE).saturating_mul(8) / bits;
    check_size(file, [header.width, header.height], bytes.len(), most)?;
    let mut reader = decoder.read_info().map_err(broken)?;
    if reader.info().animation_control().is_some_and(|animation| animation.num_frames > 1) {
        return Err(refused("an animation".to_owned(), "a PNG file with one image"));
    }
    let mut pixels = vec![0; reader.output_buffer_size()];
    let output = reader.next_frame(&mut pixels).map_err(broken)?;
    reader.finish().map_err(broken)?;
    pixels.truncate(output.buffer_size());
    let channels = match output.color_type {
        ColorType::Grayscale => 1,
        ColorType::Rgb => 3,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgba => 4,
        ColorType::Indexed => return Err(refused("an image with palette".to_owned(), "an expanded palette")),
    };
    let opaque = if channels % 2 == 0 { drop_alpha(&mut pixels, channels) } else { true };
    if !opaque {
        return Err(refused("an image with transparent pixels".to_owned(), "an opaque image"));
    }
    let channels = if channels % 2 == 0 { channels - 1 } else { channels };
    Ok(Image { pixels, height: output.height as usize, width: output.width as usize, channels })
}

/// Removes the last of the channels, alpha. Returns whether every pixel was opaque.
fn drop_alpha(pixels: &mut Vec<u8>, channels: usize) -> bool {
    let is_alpha = |position: usize| position % channels == channels - 1;
    let opaque = pixels.iter().enumerate().all(|(position, &value)| !is_alpha(position) || value == u8::MAX);
    let mut position = 0;
    pixels.retain(|_| {
        position += 1;
        !is_alpha(position - 1)
    });
    opaque
}
