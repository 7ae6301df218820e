//! Keys: how they are made and split, and the words drawn from them.

use minima_faults::{Fault, planted};
use sha1::{Digest, Sha1};

use crate::threefry::threefry2x32;

/// A generator key: two 32-bit words, like JAX's raw `uint32[2]` keys.
///
/// A key is a value: drawing from it twice gives the same numbers twice. [`split`](Key::split) and
/// [`fold_in`](Key::fold_in) make new keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub [u32; 2]);

/// The (high, low) words of a 64-bit number.
fn words(value: u64) -> [u32; 2] {
    [(value >> 32) as u32, value as u32]
}

impl Key {
    /// The key of a seed: its high and low words.
    ///
    /// For seeds up to 2³² − 1, the key equals `jax.random.PRNGKey(seed)` in every mode of JAX. For larger seeds, it equals JAX's
    /// key with `jax_enable_x64`. Without this option, JAX uses 32-bit integers and drops the high word: for the seed 2³² + 5,
    /// JAX's key is `[0, 5]`, and this key is `[1, 5]`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(words(if planted(Fault::SeedIgnored) { 0 } else { seed }))
    }

    /// Flax's key for the first parameter (the kernel) of a top-level module, such as `Conv_0`.
    ///
    /// The key is `fold_in(PRNGKey(seed), n)`, where `n` is the first four bytes, big-endian, of SHA-1(`module` ‖ 0x01). The
    /// trailing byte is Flax's counter of the module's random numbers.
    #[must_use]
    pub fn for_module(seed: u64, module: &str) -> Self {
        Self::for_parameter(seed, [module], 1)
    }

    /// Flax's key for a parameter of a module within modules: the names of `path` from the outermost module on, and the
    /// number of the parameter among the parameters of its module, from 1.
    ///
    /// The key is `fold_in(PRNGKey(seed), n)`, where `n` is the first four bytes, big-endian, of SHA-1 of all names and of
    /// the number's bytes, big-endian and without leading zeros.
    #[must_use]
    pub fn for_parameter<'a>(seed: u64, path: impl IntoIterator<Item = &'a str>, number: u32) -> Self {
        let mut hasher = Sha1::new();
        path.into_iter().for_each(|name| hasher.update(name.as_bytes()));
        let bytes = number.to_be_bytes();
        hasher.update(bytes.get(number.leading_zeros() as usize / 8..).unwrap_or_default());
        let data = hasher.finalize().iter().take(4).fold(0u32, |value, &byte| (value << 8) | u32::from(byte));
        Self::new(seed).fold_in(data)
    }

    /// Two new keys, equal to `jax.random.split(key)`.
    #[must_use]
    pub fn split(self) -> (Self, Self) {
        (self.child(0), self.child(1))
    }

    /// `n` new keys, equal to `jax.random.split(key, n)`. The first two are the keys of [`split`](Key::split).
    #[must_use]
    pub fn split_n(self, n: usize) -> Vec<Self> {
        (0..n as u64).map(|index| self.child(index)).collect()
    }

    /// A new key from this key and a number, equal to `jax.random.fold_in(key, data)`.
    #[must_use]
    pub fn fold_in(self, data: u32) -> Self {
        Self(threefry2x32(self.0, words(u64::from(data))))
    }

    /// `n` random 32-bit words, equal to `jax.random.bits(key, (n,))`.
    #[must_use]
    pub fn bits(self, n: usize) -> Vec<u32> {
        (0..n as u64).map(|position| self.word(position)).collect()
    }

    /// The word at a position of [`bits`](Key::bits): the XOR of both halves of the enciphered position.
    #[must_use]
    pub fn word(self, position: u64) -> u32 {
        let [x, y] = threefry2x32(self.0, words(position));
        x ^ y
    }

    fn child(self, index: u64) -> Self {
        Self(threefry2x32(self.0, words(index)))
    }
}
