//! Images in PNG and JPEG files.

use minima_data::image_file::{self, MOST_PIXELS};
use std::path::Path;

/// Accepted images are grey or in colour, fill their shape, and are decoded to the same pixels again.
fn image(bytes: &[u8]) -> bool {
    let file = Path::new("image");
    let Ok(image) = image_file::decode(file, bytes) else { return false };
    assert!(matches!(image.channels, 1 | 3));
    let area = image.height.checked_mul(image.width);
    assert!(area.is_some_and(|area| area > 0 && area as u64 <= MOST_PIXELS));
    assert_eq!(area.and_then(|area| area.checked_mul(image.channels)), Some(image.pixels.len()));
    assert!(image_file::decode(file, bytes).is_ok_and(|again| again == image));
    true
}

/// Decodes what can be a PNG file.
pub fn png(bytes: &[u8]) -> bool {
    image(bytes)
}

/// Decodes what can be a JPEG file.
pub fn jpeg(bytes: &[u8]) -> bool {
    image(bytes)
}

/// A byte expands to up to 1032 bytes of 8 pixels, each of which becomes up to 4 bytes. Two images are held. The buffers of the decoder
/// take less than 1 MiB.
pub(super) fn png_memory(input: u64) -> u64 {
    2 * 1032 * 8 * 4 * input + (1 << 20)
}

/// A byte holds up to 8 blocks of 64 pixels, each of which takes up to 12 bytes for coefficients, planes and colours in the decoder.
/// Incomplete blocks are filled up to four times. Two images are held.
pub(super) fn jpeg_memory(input: u64) -> u64 {
    2 * 8 * 64 * 12 * 4 * input + (1 << 20)
}
