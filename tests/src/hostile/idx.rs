//! IDX files, plain and gzipped.

use minima_data::idx::{self, CHANNELS_MAGIC, IMAGES_MAGIC, INT_LABELS_MAGIC, LABELS_MAGIC, SHORT_LABELS_MAGIC};
use std::path::Path;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Accepted images fill their shape. Written as a plain file, they are accepted again; a plain input gives the same bytes.
pub fn images(bytes: &[u8]) -> bool {
    let file = Path::new("images");
    let Ok(images) = idx::parse_images(file, bytes) else { return false };
    let (count, pixels) = images.pixels.dim();
    assert!(count > 0 && images.height > 0 && images.width > 0 && images.channels > 0);
    let area = images.height.checked_mul(images.width);
    assert_eq!(area.and_then(|area| area.checked_mul(images.channels)), Some(pixels));
    let sizes = [count, images.height, images.width, images.channels];
    let with_channels = header(CHANNELS_MAGIC, &sizes);
    let without = header(IMAGES_MAGIC, &sizes[..3]);
    let headers = if images.channels == 1 { vec![without, with_channels] } else { vec![with_channels] };
    let written = headers.into_iter().map(|header| [header, images.pixels.iter().copied().collect()].concat());
    assert_same(bytes, written, |plain| idx::parse_images(file, plain).is_ok_and(|again| again == images));
    true
}

/// Written as a plain file, accepted labels are accepted again; a plain input gives the same bytes, in the same type.
pub fn labels(bytes: &[u8]) -> bool {
    let file = Path::new("labels");
    let Ok(labels) = idx::parse_labels(file, bytes) else { return false };
    assert!(!labels.is_empty());
    let count = [labels.len()];
    let ints = labels.iter().flat_map(|&label| u32::from(label).to_be_bytes()).collect();
    let mut written = vec![[header(INT_LABELS_MAGIC, &count), ints].concat()];
    if labels.iter().all(|&label| label <= i16::MAX as u16) {
        let shorts = labels.iter().flat_map(|label| label.to_be_bytes()).collect();
        written.push([header(SHORT_LABELS_MAGIC, &count), shorts].concat());
    }
    if labels.iter().all(|&label| label <= u16::from(u8::MAX)) {
        let bytes = labels.iter().map(|&label| label as u8).collect();
        written.push([header(LABELS_MAGIC, &count), bytes].concat());
    }
    assert_same(bytes, written, |plain| idx::parse_labels(file, plain).is_ok_and(|again| again == labels));
    true
}

/// Accepted images are held once and compared with two copies. A gzipped file expands to up to 1032 times its size, and a growing
/// vector takes up to three times its content during reallocation. The window and tables of a decoder take 100 KiB.
pub(super) fn memory(input: u64) -> u64 {
    5 * 1032 * input + (128 << 10)
}

/// Labels of one byte are held in two, and compared with copies in one, two and four.
pub(super) fn labels_memory(input: u64) -> u64 {
    24 * 1032 * input + (128 << 10)
}

/// A header of big-endian words.
fn header(magic: u32, sizes: &[usize]) -> Vec<u8> {
    let sizes = sizes.iter().map(|&size| u32::try_from(size).unwrap_or(u32::MAX));
    std::iter::once(magic).chain(sizes).flat_map(u32::to_be_bytes).collect()
}

/// Plain bytes are one of the forms in which the data can be written, and every form is read as the same data.
fn assert_same(bytes: &[u8], written: impl IntoIterator<Item = Vec<u8>>, is_read: impl Fn(&[u8]) -> bool) {
    let mut is_written = bytes.starts_with(&GZIP_MAGIC);
    for plain in written {
        assert!(is_read(&plain), "another form says something else");
        is_written |= plain == bytes;
    }
    assert!(is_written, "a plain file says something else when written again");
}
