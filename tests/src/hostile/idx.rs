//! IDX files, plain and gzipped.

use minima_data::idx::{self, CLASSES, IMAGES_MAGIC, LABELS_MAGIC};
use std::path::Path;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Accepted images fill their shape. Written as a plain file, they are accepted again; a plain input gives the same bytes.
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

/// Accepted labels are below the number of classes. Written as a plain file, they are accepted again; a plain input gives the
/// same bytes.
pub fn labels(bytes: &[u8]) -> bool {
    let file = Path::new("labels");
    let Ok(labels) = idx::parse_labels(file, bytes) else { return false };
    assert!(!labels.is_empty() && labels.iter().all(|&label| usize::from(label) < CLASSES));
    let mut plain = header(LABELS_MAGIC, &[labels.len()]);
    plain.extend(labels.iter().map(|&label| label as u8));
    assert_same(bytes, &plain);
    assert!(idx::parse_labels(file, &plain).is_ok_and(|again| again == labels));
    true
}

/// Accepted data are held once and compared with two copies. A gzipped file expands to up to 1032 times its size, and a growing
/// vector takes up to three times its content during reallocation. The window and tables of a decoder take 100 KiB.
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
