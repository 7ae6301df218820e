//! Files that tests write.

use minima_data::{DataError, DataSource, Splits};
use png::{BitDepth, ColorType, Encoder};
use std::path::Path;

/// The bytes of a PNG file.
pub(crate) fn png([height, width]: [u32; 2], color: ColorType, depth: BitDepth, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == ColorType::Indexed {
        encoder.set_palette(vec![0, 0, 0, 255, 0, 0, 0, 255, 0]);
    }
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

/// A grey PNG file of 2 × 3 pixels with this value and the next five.
pub(crate) fn grey(value: u8) -> Vec<u8> {
    png([2, 3], ColorType::Grayscale, BitDepth::Eight, &std::array::from_fn::<u8, 6, _>(|i| value + i as u8))
}

/// The bytes of a `.npy` file of this type and shape.
pub(crate) fn npy(descr: &str, shape: &[usize], body: &[u8]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sizes}), }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [&b"\x93NUMPY\x01\x00"[..], &length, header.as_bytes(), body].concat()
}

/// Writes a file, and the folders above it.
pub(crate) fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Loads a place with default values.
pub(crate) fn load(place: &Path) -> Result<Splits, DataError> {
    DataSource::new(place.to_str().unwrap()).load()
}

/// Loads a place with a share of test images.
pub(crate) fn load_share(place: &Path, share: f64, seed: u64) -> Result<Splits, DataError> {
    let source = DataSource { test_share: Some(share), split_seed: seed, ..DataSource::new(place.to_str().unwrap()) };
    source.load()
}

/// The message of an error, which is one line.
pub(crate) fn message<T>(result: Result<T, DataError>) -> String {
    let message = result.err().map(|error| error.to_string()).unwrap_or_default();
    assert_eq!(message.lines().count(), 1, "{message:?}");
    message
}
