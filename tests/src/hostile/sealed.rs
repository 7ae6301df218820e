//! Sealed JSON files, such as the progress of a training run.

use minima_runs::training::Progress;
use minima_store::Seal;
use std::path::Path;

const SEAL: Seal = Seal { kind: "a training", version: 1 };

/// Opened content, closed and opened again, is equal. The same holds for any content with a valid hash, which an attacker can
/// compute.
pub fn sealed(bytes: &[u8]) -> bool {
    let file = Path::new("sealed.json");
    let opened = SEAL.open::<Progress>(bytes, file).ok();
    let content = serde_json::from_slice::<Progress>(bytes).ok();
    for content in opened.iter().chain(&content) {
        let closed = SEAL.close(content, file).ok();
        let again = closed.and_then(|bytes| SEAL.open::<Progress>(&bytes, file).ok());
        assert_eq!(again.as_ref(), Some(content));
    }
    opened.or(content).is_some()
}

/// A row in list form has 20 bytes or more. It takes 96 bytes in memory, and 140 when written with its names. At most two copies
/// of the rows and two texts are held. A growing vector takes up to twice its content, and three times during reallocation.
pub(super) fn memory(input: u64) -> u64 {
    60 * input + (4 << 10)
}
