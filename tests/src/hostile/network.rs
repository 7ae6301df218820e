//! Descriptions of networks as TOML.

use minima_network::NetworkSpec;

/// An accepted description is equal when written and read again, and its graph is built or refused.
pub fn network(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let Ok(spec) = NetworkSpec::parse(text, "network") else { return false };
    assert!(spec.classes() > 0 && spec.input().iter().all(|&size| size > 0));
    let again = NetworkSpec::parse(&spec.to_toml(), "again");
    assert!(again.is_ok_and(|again| again == spec));
    // The limits of a network bound the time, and only the lists of its layers take memory.
    let _ = spec.graph();
    true
}

/// A layer in a few bytes is an entry of about 600 bytes in the tables of the parser and of the description, which is written
/// and read again. A graph of the largest number of layers, each repetition counted, takes 64 MiB.
pub(super) fn memory(input: u64) -> u64 {
    2_048 * input + (64 << 20)
}
