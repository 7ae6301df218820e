//! Arrays in `.npy` and `.npz` files.

use minima_data::arrays::{self, Array, Kind};
use std::path::Path;

/// Accepted arrays have as many bytes as their shape takes. Written again, they are accepted as the same array.
pub fn npy(bytes: &[u8]) -> bool {
    let file = Path::new("array.npy");
    let Ok(array) = arrays::parse_npy(file, bytes) else { return false };
    let size = array.shape.iter().try_fold(array.kind.bytes(), |product, &size| product.checked_mul(size));
    assert_eq!(size, Some(array.bytes.len()));
    assert!(arrays::parse_npy(file, &written(&array)).is_ok_and(|again| again == array));
    true
}

/// The bytes of a file of version 2.
fn written(array: &Array) -> Vec<u8> {
    let kind = match array.kind {
        Kind::U8 => "u1",
        Kind::I8 => "i1",
        Kind::U16 => "u2",
        Kind::I16 => "i2",
        Kind::U32 => "u4",
        Kind::I32 => "i4",
        Kind::U64 => "u8",
        Kind::I64 => "i8",
        Kind::F32 => "f4",
        _ => "f8",
    };
    let order = if array.big_endian { '>' } else { '<' };
    let fortran = if array.fortran_order { "True" } else { "False" };
    let sizes: String = array.shape.iter().map(|size| format!("{size}, ")).collect();
    let header = format!("{{'descr': '{order}{kind}', 'fortran_order': {fortran}, 'shape': ({sizes}), }}\n");
    let length = u32::try_from(header.len()).unwrap_or(u32::MAX).to_le_bytes();
    [&b"\x93NUMPY\x02\x00"[..], &length, header.as_bytes(), &array.bytes].concat()
}

/// Accepted archives are two sets of one shape, with a name for each class.
pub fn npz(bytes: &[u8]) -> bool {
    let Ok(data) = arrays::parse_npz(Path::new("arrays.npz"), bytes, None) else { return false };
    assert_eq!((data.train.shape(), data.train.classes()), (data.test.shape(), data.test.classes()));
    assert!(data.train.classes() >= 2 && data.class_names.len() == data.train.classes());
    for set in [&data.train, &data.test] {
        assert!(!set.is_empty() && set.labels().iter().all(|&label| usize::from(label) < set.classes()));
        assert_eq!(set.features(), set.shape().iter().product::<usize>());
    }
    true
}

/// An accepted array is held three times. A header has less than 10 KB, and its error shows it.
pub(super) fn npy_memory(input: u64) -> u64 {
    4 * input + (128 << 10)
}

/// Each of four arrays expands to up to 1032 times the size of the archive. A vector takes up to three times its content while it grows,
/// labels of one byte are held in two, and the name of a class takes up to 32 bytes, of which there are at most 65 536. The tables of a
/// decoder take 100 KiB.
pub(super) fn npz_memory(input: u64) -> u64 {
    4 * 8 * 1032 * input + (4 << 20)
}
