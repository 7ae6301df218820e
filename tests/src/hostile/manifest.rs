//! Manifests as JSON.

use minima_rows::Provenance;
use std::path::Path;

/// An accepted manifest, written and read again, is equal.
pub fn manifest(bytes: &[u8]) -> bool {
    let file = Path::new("manifest.json");
    let Ok(provenance) = Provenance::from_json(bytes, file) else { return false };
    let again = serde_json::to_vec(&provenance).ok().and_then(|bytes| Provenance::from_json(&bytes, file).ok());
    assert_eq!(again.as_ref(), Some(&provenance));
    true
}

/// An entry of the data files has six bytes or more, and takes 48 in a tree whose nodes may be half full. It is written and read
/// again.
pub(super) fn memory(input: u64) -> u64 {
    64 * input + (4 << 10)
}
