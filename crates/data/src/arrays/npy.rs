//! Files of one array: `.npy`, versions 1 to 3.
//!
//! Source: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.

use super::array::{Array, Kind, named};
use crate::error::DataError;
use std::path::Path;

/// The first bytes of every file.
const MAGIC: &[u8] = b"\x93NUMPY";

/// The maximum length of a header in bytes, as NumPy reads it by default.
const LONGEST_HEADER: usize = 10_000;

pub(super) fn is_npy(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Parses the bytes of a `.npy` file. Errors name `file`.
///
/// # Errors
///
/// Returns [`DataError::Array`] if the magic number, the version or the header is not valid, if the entries are not whole or
/// floating-point numbers, or if the length of the file differs from the header.
pub fn parse_npy(file: &Path, bytes: &[u8]) -> Result<Array, DataError> {
    let key = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    parse(file, &key, bytes)
}

/// Parses the bytes of a `.npy` file. Errors name `file` and `key`.
pub(super) fn parse(file: &Path, key: &str, bytes: &[u8]) -> Result<Array, DataError> {
    let wrong = |found: String, expected: String| DataError::Array { source_name: named(file, key), found, expected };
    let broken = |found: &str| wrong(found.to_owned(), "a .npy file of version 1, 2 or 3".to_owned());
    let rest = bytes.strip_prefix(MAGIC).ok_or_else(|| broken("another magic number"))?;
    let ([major, _], rest) = rest.split_first_chunk::<2>().ok_or_else(|| broken("the end of the file"))?;
    let (length, rest) = match major {
        1 => rest.split_first_chunk().map(|(&length, rest)| (u32::from(u16::from_le_bytes(length)), rest)),
        2 | 3 => rest.split_first_chunk().map(|(&length, rest)| (u32::from_le_bytes(length), rest)),
        other => return Err(broken(&format!("version {other}"))),
    }
    .ok_or_else(|| broken("the end of the file"))?;
    let length = length as usize;
    if length > LONGEST_HEADER {
        return Err(wrong(format!("a header of {length} bytes"), format!("at most {LONGEST_HEADER}")));
    }
    let (header, body) = rest
        .split_at_checked(length)
        .ok_or_else(|| broken(&format!("a header of {length} bytes in {}", rest.len())))?;
    let expected = "a header with descr, fortran_order and shape";
    let text =
        str::from_utf8(header).map_err(|_| wrong("a header that is not UTF-8".to_owned(), expected.to_owned()))?;
    let header = Header::parse(text)
        .ok_or_else(|| wrong(format!("the header {}", text.trim_end().escape_debug()), expected.to_owned()))?;
    let (kind, big_endian) = kind(header.descr).ok_or_else(|| {
        wrong(format!("entries of type {}", header.descr), "whole or floating-point numbers".to_owned())
    })?;
    let Header { fortran_order, shape, .. } = header;
    match Array::size(kind, &shape) {
        Some(size) if size == body.len() => {}
        size => {
            let size = size.map_or_else(|| "more than 2^64".to_owned(), |size| size.to_string());
            return Err(wrong(format!("{} bytes of entries", body.len()), format!("{size} as in the header")));
        }
    }
    Ok(Array { kind, big_endian, fortran_order, shape, bytes: body.to_vec() })
}

/// The type that a text such as `<f4` names, and whether it is big-endian.
fn kind(descr: &str) -> Option<(Kind, bool)> {
    let kind = match descr.get(1..)? {
        "u1" => Kind::U8,
        "i1" => Kind::I8,
        "u2" => Kind::U16,
        "i2" => Kind::I16,
        "u4" => Kind::U32,
        "i4" => Kind::I32,
        "u8" => Kind::U64,
        "i8" => Kind::I64,
        "f4" => Kind::F32,
        "f8" => Kind::F64,
        _ => return None,
    };
    match descr.as_bytes().first()? {
        b'<' => Some((kind, false)),
        b'>' => Some((kind, true)),
        // The order of bytes is said unless an entry is one byte.
        b'|' => (kind.bytes() == 1).then_some((kind, false)),
        _ => None,
    }
}

/// The header of a file, a dictionary as Python writes it.
struct Header<'a> {
    descr: &'a str,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl<'a> Header<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
        while !rest.is_empty() {
            let (name, after) = quoted(rest)?;
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            let again;
            (again, rest) = match name {
                "descr" => {
                    let (value, after) = quoted(value)?;
                    (descr.replace(value).is_some(), after)
                }
                "fortran_order" => {
                    let (value, after) = truth(value)?;
                    (fortran_order.replace(value).is_some(), after)
                }
                "shape" => {
                    let (inside, after) = value.strip_prefix('(')?.split_once(')')?;
                    (shape.replace(sizes(inside)?).is_some(), after)
                }
                _ => return None,
            };
            rest = rest.trim_start();
            rest = match rest.strip_prefix(',') {
                Some(after) => after.trim_start(),
                None if rest.is_empty() => rest,
                None => return None,
            };
            if again {
                return None;
            }
        }
        Some(Self { descr: descr?, fortran_order: fortran_order?, shape: shape? })
    }
}

/// The content of a text in quotes, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| ['\'', '"'].contains(quote))?;
    text.get(1..)?.split_once(quote)
}

/// A truth value, and what follows.
fn truth(text: &str) -> Option<(bool, &str)> {
    let is = |word, value| text.strip_prefix(word).map(|rest| (value, rest));
    is("True", true).or_else(|| is("False", false))
}

/// The sizes in a tuple, without its brackets.
fn sizes(text: &str) -> Option<Vec<usize>> {
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    if text.is_empty() {
        return Some(Vec::new());
    }
    let size = |part: &str| {
        let part = part.trim();
        // Python 2 wrote large sizes with an L.
        let digits = part.strip_suffix('L').unwrap_or(part);
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    text.split(',').map(size).collect()
}
