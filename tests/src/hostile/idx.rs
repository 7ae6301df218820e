//! IDX files, plain and gzipped.

use minima_data::idx::{self, CLASSES, IMAGES_MAGIC, LABELS_MAGIC};
use std::path::Path;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Images that are accepted fill their shape, and are accepted again as a plain file, which is what a plain file was.
pub fn images(bytes: &[u8]) -> bool {
    let file = Path::new("images");
    let Ok(images) = idx::parse_images(file, bytes) else { return false };
    let (count, pixels) = images.pixels.dim();
    assert!(count > 0 && images.height > 0 && images.width > 0);
    assert_eq!(images.height.checked_mul(images.width), Some(pixels));
    let mut plain = header(IMAGES_MAGIC, &[count, images.height, images.width]);
    plain.extend(images.pixels.iter());
    assert_same(bytes, &plain);
    assert!(idx::parse_images(file, &plain).is_ok_and(|again| again == images));
    true
}

/// Labels that are accepted name classes, and are accepted again as a plain file, which is what a plain file was.
pub fn labels(bytes: &[u8]) -> bool {
    let file = Path::new("labels");
    let Ok(labels) = idx::parse_labels(file, bytes) else { return false };
    assert!(!labels.is_empty() && labels.iter().all(|&label| usize::from(label) < CLASSES));
    let mut plain = header(LABELS_MAGIC, &[labels.len()]);
    plain.extend_from_slice(&labels);
    assert_same(bytes, &plain);
    assert!(idx::parse_labels(file, &plain).is_ok_and(|again| again == labels));
    true
}

/// What is accepted is held once and compared with two copies; a gzipped file holds up to 1032 times its size, which a vector
/// that grows by doubling holds three times over while it moves, and a decoder's window and tables take 100 KiB.
pub(super) fn memory(input: u64) -> u64 {
    5 * 1032 * input + (128 << 10)
}

/// A header of big-endian words.
fn header(magic: u32, sizes: &[usize]) -> Vec<u8> {
    let sizes = sizes.iter().map(|&size| u32::try_from(size).unwrap_or(u32::MAX));
    std::iter::once(magic).chain(sizes).flat_map(u32::to_be_bytes).collect()
}

fn assert_same(bytes: &[u8], plain: &[u8]) {
    assert!(bytes.starts_with(&GZIP_MAGIC) || bytes == plain, "a plain file says something else when written again");
}
