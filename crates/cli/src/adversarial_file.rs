//! A NumPy file with the adversarial images of an attack and the outcome of each image.

use minima_attacks::Outcome;
use std::io::{self, Cursor, Write};
use zip::write::{SimpleFileOptions, ZipWriter};

/// The bytes of an `.npz` file:
///
/// - `adversarial`: (images, height, width, channels), f32, pixels in [0, 1];
/// - `label`, `predicted_before`, `predicted_after`: (images), i64;
/// - `correct_before`, `success`: (images), bool;
/// - `distance`: (images), f64, in the norm of the attack.
///
/// Equal outcomes have equal bytes.
pub(crate) fn bytes(outcome: &Outcome<f32>, labels: &[usize], shape: [usize; 3]) -> io::Result<Vec<u8>> {
    let images = labels.len();
    let mut file = ZipWriter::new(Cursor::new(Vec::new()));
    let mut add = |name: &str, kind: &str, shape: &[usize], numbers: Vec<u8>| -> io::Result<()> {
        let options = SimpleFileOptions::default().large_file(true);
        file.start_file(format!("{name}.npy"), options)?;
        file.write_all(&header(kind, shape))?;
        file.write_all(&numbers)
    };
    let [height, width, channels] = shape;
    let pixels = outcome.adversarial.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
    add("adversarial", "<f4", &[images, height, width, channels], pixels)?;
    for (name, classes) in [
        ("label", labels),
        ("predicted_before", &outcome.predicted_before),
        ("predicted_after", &outcome.predicted_after),
    ] {
        add(name, "<i8", &[images], classes.iter().flat_map(|&class| (class as i64).to_le_bytes()).collect())?;
    }
    for (name, flags) in [("correct_before", &outcome.clean_correct), ("success", &outcome.success)] {
        add(name, "|b1", &[images], flags.iter().map(|&flag| u8::from(flag)).collect())?;
    }
    add("distance", "<f8", &[images], outcome.distances.iter().flat_map(|distance| distance.to_le_bytes()).collect())?;
    Ok(file.finish()?.into_inner())
}

/// The header of an `.npy` file in version 1.0: its length is a multiple of 64 bytes.
fn header(kind: &str, shape: &[usize]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}", sizes.trim_end());
    const BEFORE: usize = 10;
    let length = (BEFORE + text.len() + 1).next_multiple_of(64);
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend(((length - BEFORE) as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header.resize(length - 1, b' ');
    header.push(b'\n');
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_numpys() {
        let bytes = header("<f4", &[2, 3]);
        assert_eq!((bytes.len(), bytes[8], bytes[9]), (128, 118, 0));
        let text = String::from_utf8_lossy(&bytes[10..]).into_owned();
        assert!(text.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }"), "{text}");
        assert!(text.ends_with(" \n"));
        assert!(String::from_utf8_lossy(&header("|b1", &[7])).contains("'shape': (7,), }"));
    }
}
