//! Converts drawn pixels to a PNG file.

use super::FigureError;

/// Averages each block of `factor` × `factor` pixels of an RGB image into one pixel, which smooths edges.
pub(super) fn shrink(pixels: &[u8], width: usize, factor: usize) -> Vec<u8> {
    let row_length = width * 3;
    let area = (factor * factor) as u32;
    let mut shrunk = Vec::with_capacity(pixels.len() / (factor * factor));
    let mut sums = vec![0u32; row_length / factor];
    for rows in pixels.chunks_exact(row_length * factor) {
        sums.fill(0);
        for row in rows.chunks_exact(row_length) {
            for (block, sum) in row.chunks_exact(3 * factor).zip(sums.chunks_exact_mut(3)) {
                for pixel in block.chunks_exact(3) {
                    for (channel, total) in pixel.iter().zip(sum.iter_mut()) {
                        *total += u32::from(*channel);
                    }
                }
            }
        }
        shrunk.extend(sums.iter().map(|sum| ((sum + area / 2) / area) as u8));
    }
    shrunk
}

/// Encodes an RGB image.
pub(super) fn encode_png(pixels: &[u8], size: (u32, u32)) -> Result<Vec<u8>, FigureError> {
    encode_pixels(pixels, size, 3)
}

/// Encodes an image with one channel (grey) or three.
pub(crate) fn encode_pixels(pixels: &[u8], (width, height): (u32, u32), channels: u32) -> Result<Vec<u8>, FigureError> {
    let failed = |error: png::EncodingError| FigureError::Encoding(error.to_string());
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(if channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Best);
    encoder.set_adaptive_filter(png::AdaptiveFilterType::Adaptive);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_averaged() {
        let mut pixels = vec![0; 4 * 2 * 3];
        pixels[0] = 255;
        pixels[21] = 8;
        assert_eq!(shrink(&pixels, 4, 2), [64, 0, 0, 2, 0, 0]);
    }
}
