//! Safetensors files with checked headers: every name occurs once, every tensor lies within the file and is as long as
//! its type and shape take, and every byte belongs to exactly one tensor.

use crate::CheckpointError;
use safetensors::tensor::TensorInfo;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The number of bytes at the start of a file that encode the header's length.
pub(crate) const LENGTH: usize = size_of::<u64>();

/// The entry that does not describe a tensor.
const METADATA: &str = "__metadata__";

/// The tensors of a file and their bytes.
#[derive(Debug)]
pub struct TensorFile<'a> {
    /// In the order of their offsets, all of which lie within `data`.
    tensors: Vec<(String, TensorInfo)>,
    metadata: BTreeMap<String, String>,
    data: &'a [u8],
}

impl<'a> TensorFile<'a> {
    /// Reads a file's header; errors name `path`.
    ///
    /// # Errors
    /// Returns a [`CheckpointError`] if the header is too long, is not valid JSON, or disagrees with the file. Each
    /// case has a variant of its own.
    pub fn read(bytes: &'a [u8], path: &Path) -> Result<Self, CheckpointError> {
        let path = || path.to_owned();
        let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else {
            return Err(CheckpointError::Truncated { path: path(), found: bytes.len(), expected: LENGTH });
        };
        let length = u64::from_le_bytes(*length);
        let Some((header, data)) = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length)) else {
            return Err(CheckpointError::HeaderLength { path: path(), found: length, expected: rest.len() });
        };
        let Entries { mut tensors, metadata } = serde_json::from_slice(header)
            .map_err(|error| CheckpointError::Header { path: path(), found: error.to_string() })?;
        if let Some(tensor) = stands_twice(&tensors) {
            return Err(CheckpointError::Duplicate { path: path(), tensor });
        }
        tensors.sort_by_key(|(_, info)| info.data_offsets);
        let end = check_places(&tensors, data.len(), &path)?;
        if end != data.len() {
            return Err(CheckpointError::Trailing { path: path(), found: data.len(), expected: end });
        }
        Ok(Self { tensors, metadata, data })
    }

    /// The texts of the entry `__metadata__`, by name; empty if the entry is absent.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The tensors' names, in the order of their offsets.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.iter().map(|(name, _)| name.as_str())
    }

    /// Every tensor: its name, its entry in the header, and its bytes.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &TensorInfo, &'a [u8])> {
        self.tensors.iter().filter_map(|(name, info)| {
            let (begin, end) = info.data_offsets;
            Some((name.as_str(), info, self.data.get(begin..end)?))
        })
    }

    /// A tensor's entry in the header, and its bytes.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<(&TensorInfo, &'a [u8])> {
        self.tensors().find(|(known, ..)| *known == name).map(|(_, info, bytes)| (info, bytes))
    }
}

/// A name that occurs twice, if there is one.
fn stands_twice(tensors: &[(String, TensorInfo)]) -> Option<String> {
    let mut names: Vec<&str> = tensors.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].to_owned())
}

/// Checks that tensors in the order of their offsets lie end to end within `length` bytes. Returns the end of the last
/// one.
fn check_places(
    tensors: &[(String, TensorInfo)],
    length: usize,
    path: &impl Fn() -> PathBuf,
) -> Result<usize, CheckpointError> {
    let mut last = 0;
    for (name, info) in tensors {
        let ((begin, end), tensor) = (info.data_offsets, name.clone());
        if end > length {
            return Err(CheckpointError::OutOfRange { path: path(), tensor, found: end, expected: length });
        }
        let bits = bits(info);
        if end.checked_sub(begin).is_none_or(|bytes| bits != Some(8 * bytes as u128)) {
            let expected = match bits {
                Some(bits) if bits % 8 == 0 => (bits / 8).to_string(),
                Some(bits) => format!("{bits} bits in whole"),
                None => "fewer than 2^128".to_owned(),
            };
            return Err(CheckpointError::Extent { path: path(), tensor, found: (begin, end), expected });
        }
        if begin < last {
            return Err(CheckpointError::Overlap { path: path(), tensor, found: begin, expected: last });
        }
        if begin > last {
            return Err(CheckpointError::Gap { path: path(), tensor, found: begin, expected: last });
        }
        last = end;
    }
    Ok(last)
}

/// The number of bits that a type and shape take; `None` if it overflows.
fn bits(info: &TensorInfo) -> Option<u128> {
    let bits = info.dtype.bitsize() as u128;
    info.shape.iter().try_fold(bits, |product, &size| product.checked_mul(size as u128))
}

/// The entries of a header in order, including entries of the same name, of which a map would keep only one.
struct Entries {
    tensors: Vec<(String, TensorInfo)>,
    metadata: BTreeMap<String, String>,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut tensors, mut metadata) = (Vec::new(), None);
        while let Some(name) = map.next_key::<String>()? {
            if name != METADATA {
                tensors.push((name, map.next_value()?));
            } else if metadata.is_some() {
                return Err(A::Error::duplicate_field(METADATA));
            } else {
                metadata = Some(map.next_value::<Option<BTreeMap<String, String>>>()?.unwrap_or_default());
            }
        }
        Ok(Entries { tensors, metadata: metadata.unwrap_or_default() })
    }
}
