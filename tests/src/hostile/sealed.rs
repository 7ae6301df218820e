//! Sealed JSON files, as that which tells how far a training is.

use minima_store::Seal;
use minima_runs::training::Progress;
use std::path::Path;

const SEAL: Seal = Seal { kind: "a training", version: 1 };

/// What is opened is closed to what opens as the same; and so is any content that carries a hash that fits, which whoever makes up
/// a file can give it.
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

/// A row as a list is 20 bytes or more, becomes 96 in memory, and 140 when it is written with its names. At most two rows and two
/// texts are held of each, where vectors that double take twice their content, and three times while they move.
pub(super) fn memory(input: u64) -> u64 {
    60 * input + (4 << 10)
}
