//! Archives of arrays: `.npz`, which is a zip file of `.npy` files.

use super::{array::Array, npy};
use crate::{error::DataError, gzip::MOST_SHRINKAGE};
use std::{
    io::{Cursor, Read},
    path::Path,
};
use zip::ZipArchive;

/// The first bytes of a zip file with entries.
const MAGIC: &[u8] = b"PK\x03\x04";

pub(super) fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// An archive.
pub(super) struct Npz<'a> {
    file: &'a Path,
    archive: ZipArchive<Cursor<&'a [u8]>>,
    length: u64,
}

impl<'a> Npz<'a> {
    /// Reads the list of the entries.
    pub(super) fn open(file: &'a Path, bytes: &'a [u8]) -> Result<Self, DataError> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(file, &error))?;
        Ok(Self { file, archive, length: bytes.len() as u64 })
    }

    /// Whether the archive has an array of this name.
    pub(super) fn has(&self, key: &str) -> bool {
        self.archive.index_for_name(&entry_name(key)).is_some()
    }

    /// Unpacks an array.
    pub(super) fn array(&mut self, key: &str) -> Result<Array, DataError> {
        let file = self.file;
        let mut entry = self.archive.by_name(&entry_name(key)).map_err(|error| broken(file, &error))?;
        let (size, packed) = (entry.size(), entry.compressed_size().min(self.length));
        let most = packed.saturating_mul(MOST_SHRINKAGE);
        if size > most {
            let (found, expected) = (packed, u128::from(size));
            return Err(DataError::Promise { file: file.to_path_buf(), found, most, expected });
        }
        let mut bytes = Vec::new();
        (&mut entry).take(size.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| broken(file, &error))?;
        if bytes.len() as u64 != size {
            return Err(DataError::Length {
                file: file.to_path_buf(),
                found: bytes.len() as u64,
                expected: u128::from(size),
            });
        }
        npy::parse(file, key, &bytes)
    }
}

fn entry_name(key: &str) -> String {
    format!("{key}.npy")
}

fn broken(file: &Path, error: &dyn std::error::Error) -> DataError {
    DataError::Archive {
        file: file.to_path_buf(),
        found: format!("a broken archive ({error})"),
        expected: "a .npz file, stored or deflated".to_owned(),
    }
}
