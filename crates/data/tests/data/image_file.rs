//! Single images.

use crate::files::{grey, message, png};
use minima_data::{
    DataError,
    image_file::{self, Image},
};
use png::{BitDepth, ColorType};
use std::{fs, path::Path};

fn decode(bytes: &[u8]) -> Result<Image, DataError> {
    image_file::decode(Path::new("image"), bytes)
}

/// A file in the corpus of the tests across crates.
fn corpus(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    fs::read(root.join(name)).unwrap()
}

#[test]
fn every_kind_of_png_becomes_grey_or_colour() {
    use BitDepth::{Eight, One, Sixteen, Two};
    use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgb, Rgba};
    for (color, depth, pixels, channels, expected) in [
        (Grayscale, Eight, &[7, 200][..], 1, &[7, 200][..]),
        (Grayscale, One, &[0b0100_0000], 1, &[0, 255]),
        (Grayscale, Two, &[0b0110_0000], 1, &[85, 170]),
        (Grayscale, Sixteen, &[0x12, 0x34, 0xff, 0xff], 1, &[0x12, 0xff]),
        (GrayscaleAlpha, Eight, &[7, 255, 200, 255], 1, &[7, 200]),
        (Rgb, Eight, &[1, 2, 3, 4, 5, 6], 3, &[1, 2, 3, 4, 5, 6]),
        (Rgba, Eight, &[1, 2, 3, 255, 4, 5, 6, 255], 3, &[1, 2, 3, 4, 5, 6]),
        (Indexed, Two, &[0b1001_0000], 3, &[0, 255, 0, 255, 0, 0]),
    ] {
        let image = decode(&png([1, 2], color, depth, pixels)).unwrap();
        assert_eq!((image.height, image.width, image.channels), (1, 2, channels), "{color:?} {depth:?}");
        assert_eq!(image.pixels, expected, "{color:?} {depth:?}");
    }
}

#[test]
fn jpeg_files_are_decoded() {
    let value = |row: usize, column: usize| (10 * row + 20 * column) as i32;
    let near = |found: u8, expected: i32| (i32::from(found) - expected).abs() < 40;
    let image = decode(&corpus("jpeg/grey")).unwrap();
    assert_eq!((image.height, image.width, image.channels), (8, 10, 1));
    for name in ["jpeg/colour", "jpeg/progressive"] {
        let colour = decode(&corpus(name)).unwrap();
        assert_eq!((colour.height, colour.width, colour.channels), (8, 10, 3));
        for (at, (rgb, &grey)) in colour.pixels.chunks(3).zip(&image.pixels).enumerate() {
            let expected = value(at / 10, at % 10);
            let fits = near(grey, expected) && near(rgb[0], expected) && near(rgb[1], 255 - expected);
            assert!(fits, "{name}: {rgb:?} and {grey} at {at}, expected {expected}");
        }
    }
}

#[test]
fn what_is_no_image_is_refused() {
    let transparent = png([1, 1], ColorType::Rgba, BitDepth::Eight, &[1, 2, 3, 254]);
    for (bytes, expected) in [
        (Vec::new(), "image: found an empty file, expected a PNG or JPEG file"),
        (b"GIF89a...".to_vec(), "image: found a file that starts with GIF89a.., expected a PNG or JPEG file"),
        (transparent, "image: found an image with transparent pixels, expected an opaque image"),
        (corpus("png/bomb"), "image: found 65535 × 65535 pixels, expected 1 to 2^24 pixels"),
        (corpus("png/promises"), "expected 16000000 bytes as in the header"),
        (corpus("png/checksum"), "image: found a broken PNG file"),
        (corpus("jpeg/bomb"), "image: found"),
        (corpus("jpeg/cmyk"), "image: found a JPEG file of CMYK32, expected a JPEG file in grey or in colour"),
        (corpus("jpeg/cut"), "image: found a broken JPEG file"),
        (corpus("jpeg/thin"), "image: found 175 compressed bytes"),
    ] {
        let message = message(decode(&bytes));
        assert!(message.contains(expected), "{message:?}, not {expected:?}");
    }
}

#[test]
fn every_truncation_is_refused() {
    let (colour, progressive) = (corpus("jpeg/colour"), corpus("jpeg/progressive"));
    for (name, whole) in [("png", grey(3)), ("jpeg", colour), ("progressive", progressive)] {
        assert!(decode(&whole).is_ok(), "{name}");
        for length in 0..whole.len() {
            let found = decode(&whole[..length]);
            assert!(found.is_err(), "{name}: {length} of {} bytes", whole.len());
        }
    }
}
