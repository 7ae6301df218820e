//! Permutations by repeated sorting.

use crate::key::Key;

/// The maximum length: positions are 32-bit words.
const LONGEST: u64 = 1 << 32;

impl Key {
    /// The numbers `0..n` in random order, equal to `jax.random.permutation(key, n)`.
    ///
    /// Each round splits the key, continues with the first half, and sorts stably by the words of the second half. Entries
    /// have 32 bits, so at most 2³² are returned.
    ///
    /// ```
    /// assert_eq!(minima_rng::Key::new(42).permutation(10), [7, 4, 2, 5, 3, 6, 8, 9, 0, 1]);
    /// ```
    #[must_use]
    pub fn permutation(self, n: usize) -> Vec<u32> {
        let n = (n as u64).min(LONGEST);
        let mut order: Vec<u32> = (0..n).map(|position| position as u32).collect();
        let mut key = self;
        for _ in 0..rounds(n) {
            let (next, sub) = key.split();
            key = next;
            order = sort_by_words(sub, &order);
        }
        order
    }
}

/// The entries sorted by the words of their positions. The sort is stable.
fn sort_by_words(key: Key, entries: &[u32]) -> Vec<u32> {
    // The position in the low half makes all numbers distinct, so an unstable sort is stable by word.
    let mut tagged: Vec<u64> =
        (0..entries.len() as u64).map(|position| (u64::from(key.word(position)) << 32) | position).collect();
    tagged.sort_unstable();
    tagged.iter().filter_map(|tag| entries.get((tag & u64::from(u32::MAX)) as usize).copied()).collect()
}

/// JAX's number of rounds, `ceil(3 ln n / ln(2³² − 1))`, in integer arithmetic: the smallest `k` with `(2³² − 1)ᵏ ≥ n³`.
fn rounds(n: u64) -> u32 {
    let cube = u128::from(n).pow(3);
    let mut reach = 1u128;
    let mut rounds = 0;
    while reach < cube {
        reach = reach.saturating_mul(u128::from(u32::MAX));
        rounds += 1;
    }
    rounds
}

#[cfg(test)]
mod tests {
    use super::rounds;
    use crate::key::Key;

    #[test]
    fn counts_rounds_as_jax_does() {
        for (n, expected) in
            [(0, 0), (1, 0), (2, 1), (1625, 1), (1626, 2), (60_000, 2), (2_642_245, 2), (2_642_246, 3), (1 << 32, 4)]
        {
            assert_eq!(rounds(n), expected, "{n}");
        }
    }

    #[test]
    fn holds_every_number_once() {
        for n in [0, 1, 2, 17, 1625, 1626, 5000] {
            let mut order = Key::new(9).permutation(n);
            order.sort_unstable();
            assert!(order.iter().copied().eq(0..n as u32), "{n}");
        }
    }
}
