//! Keys: where they come from, how they divide, and the words they give.

use minima_faults::{Fault, planted};
use sha1::{Digest, Sha1};

use crate::threefry::threefry2x32;

/// A generator key: two 32-bit words, as JAX's raw `uint32[2]` keys.
///
/// A key is a value. Drawing from it twice gives the same numbers twice; [`split`](Key::split) or
/// [`fold_in`](Key::fold_in) makes new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub [u32; 2]);

/// The (high, low) words of a 64-bit number.
fn words(value: u64) -> [u32; 2] {
    [(value >> 32) as u32, value as u32]
}

impl Key {
    /// The key of a seed: its high and low words.
    ///
    /// Up to 2³² − 1 that is `jax.random.PRNGKey(seed)` in each of JAX's modes. From 2³² on it is the key that JAX makes with
    /// `jax_enable_x64`. By default JAX has integers of 32 bits and drops the high word: for 2³² + 5 its key is `[0, 5]`, and this one
    /// `[1, 5]`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(words(if planted(Fault::SeedIgnored) { 0 } else { seed }))
    }

    /// The key with which Flax initialises the first parameter (the kernel) of a top-level module, such as `Conv_0`.
    ///
    /// `fold_in(PRNGKey(seed), n)`, `n` the first four bytes, big-endian, of SHA-1(`module` ‖ 0x01). The trailing byte
    /// is Flax's counter of the random numbers that the module asks for.
    #[must_use]
    pub fn for_module(seed: u64, module: &str) -> Self {
        let mut hasher = Sha1::new();
        hasher.update(module.as_bytes());
        hasher.update([1u8]);
        let data = hasher.finalize().iter().take(4).fold(0u32, |value, &byte| (value << 8) | u32::from(byte));
        Self::new(seed).fold_in(data)
    }

    /// Two new keys, as `jax.random.split(key)`.
    #[must_use]
    pub fn split(self) -> (Self, Self) {
        (self.child(0), self.child(1))
    }

    /// `n` new keys, as `jax.random.split(key, n)`. The first two are those of [`split`](Key::split).
    #[must_use]
    pub fn split_n(self, n: usize) -> Vec<Self> {
        (0..n as u64).map(|index| self.child(index)).collect()
    }

    /// A new key from this one and a number, as `jax.random.fold_in`.
    #[must_use]
    pub fn fold_in(self, data: u32) -> Self {
        Self(threefry2x32(self.0, words(u64::from(data))))
    }

    /// `n` random 32-bit words, as `jax.random.bits(key, (n,))`.
    #[must_use]
    pub fn bits(self, n: usize) -> Vec<u32> {
        (0..n as u64).map(|position| self.word(position)).collect()
    }

    /// The word at one position of [`bits`](Key::bits): both halves of the enciphered position, xored.
    #[must_use]
    pub fn word(self, position: u64) -> u32 {
        let [x, y] = threefry2x32(self.0, words(position));
        x ^ y
    }

    fn child(self, index: u64) -> Self {
        Self(threefry2x32(self.0, words(index)))
    }
}
