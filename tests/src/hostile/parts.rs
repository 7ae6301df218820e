//! The list of a results folder's parts.

use minima_config::Parts;
use std::path::{Component, Path};

/// Accepted parts are subfolders of different names. Written and read again, they are equal.
pub fn parts(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(parts) = Parts::from_text(text, "parts.toml") else { return false };
    for name in parts.names() {
        let place: Vec<Component<'_>> = Path::new(name).components().collect();
        assert!(matches!(place[..], [Component::Normal(own)] if own.to_str() == Some(name)), "{name}");
    }
    let again = Parts::from_text(&parts.to_toml(), "again");
    assert!(again.is_ok_and(|again| again == parts));
    true
}

/// The parser takes 32 bytes for each piece of one or more input bytes, in a vector that takes three times its content during
/// reallocation.
pub(super) fn memory(input: u64) -> u64 {
    512 * input + (64 << 10)
}
