//! Labels in arrays.

use super::array::{Array, Kind, named};
use crate::error::DataError;
use std::path::Path;

/// The labels in an array of whole numbers, of shape (N) or (N, 1).
pub(super) fn labels(file: &Path, key: &str, array: &Array) -> Result<Vec<u16>, DataError> {
    let wrong = |found: String, expected: &str| {
        Err(DataError::Array { source_name: named(file, key), found, expected: expected.to_owned() })
    };
    if !matches!(array.shape.as_slice(), [_] | [_, 1]) {
        return wrong(array.shown(), "labels of shape (N) or (N, 1)");
    }
    let checked = |values: &mut dyn Iterator<Item = i128>| checked(file, key, values);
    match array.kind {
        Kind::U8 => checked(&mut array.entries().map(|bytes| u8::from_le_bytes(bytes).into())),
        Kind::I8 => checked(&mut array.entries().map(|bytes| i8::from_le_bytes(bytes).into())),
        Kind::U16 => checked(&mut array.entries().map(|bytes| u16::from_le_bytes(bytes).into())),
        Kind::I16 => checked(&mut array.entries().map(|bytes| i16::from_le_bytes(bytes).into())),
        Kind::U32 => checked(&mut array.entries().map(|bytes| u32::from_le_bytes(bytes).into())),
        Kind::I32 => checked(&mut array.entries().map(|bytes| i32::from_le_bytes(bytes).into())),
        Kind::U64 => checked(&mut array.entries().map(|bytes| u64::from_le_bytes(bytes).into())),
        Kind::I64 => checked(&mut array.entries().map(|bytes| i64::from_le_bytes(bytes).into())),
        kind @ (Kind::F32 | Kind::F64) => wrong(format!("labels of type {kind:?}"), "whole numbers"),
    }
}

fn checked(file: &Path, key: &str, values: &mut dyn Iterator<Item = i128>) -> Result<Vec<u16>, DataError> {
    let label = |(position, found): (usize, i128)| {
        u16::try_from(found).map_err(|_| DataError::LabelValue { source_name: named(file, key), found, position })
    };
    values.enumerate().map(label).collect()
}
