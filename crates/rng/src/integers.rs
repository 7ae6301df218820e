//! Unbiased integers below a bound.

use std::num::NonZeroU32;

use crate::key::Key;

impl Key {
    /// `n` integers, each uniform on `0..bound` without bias.
    ///
    /// The definition is specific to this crate. JAX's `randint` is biased unless the bound is a power of two.
    /// Attempt `t` at integer `i` takes `w = fold_in(t).word(i)` and the 64-bit product `w · bound`. The integer is the high
    /// word of the product. If the low word is below `2³² mod bound`, the attempt is rejected and attempt `t + 1` follows.
    ///
    /// Source of the method: D. Lemire, "Fast random integer generation in an interval", 2019.
    #[must_use]
    pub fn below(self, n: usize, bound: NonZeroU32) -> Vec<u32> {
        let first = self.fold_in(0);
        (0..n as u64)
            .map(|position| {
                let mut attempt = 0u32;
                let mut word = first.word(position);
                loop {
                    if let Some(value) = accept(word, bound) {
                        return value;
                    }
                    attempt = attempt.wrapping_add(1);
                    word = self.fold_in(attempt).word(position);
                }
            })
            .collect()
    }
}

/// The integer for a word, or `None` if the word must be rejected to avoid a bias.
fn accept(word: u32, bound: NonZeroU32) -> Option<u32> {
    let product = u64::from(word) * u64::from(bound.get());
    let threshold = bound.get().wrapping_neg() % bound;
    (product as u32 >= threshold).then_some((product >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::accept;
    use crate::key::Key;

    #[test]
    fn is_below_the_bound_and_repeatable() {
        for bound in [1, 2, 9, 10, 0x8000_0001, u32::MAX] {
            let bound = NonZeroU32::new(bound).unwrap();
            let drawn = Key::new(5).below(500, bound);
            assert!(drawn.iter().all(|&value| value < bound.get()));
            assert_eq!(drawn, Key::new(5).below(500, bound));
            assert_eq!(drawn[..100], Key::new(5).below(100, bound));
        }
    }

    #[test]
    fn is_uniform() {
        let mut counts = [0f64; 9];
        for value in Key::new(1).below(90_000, NonZeroU32::new(9).unwrap()) {
            counts[value as usize] += 1.0;
        }
        let chi_square: f64 = counts.iter().map(|c| (c - 1e4).powi(2) / 1e4).sum();
        // The 0.999 quantile of chi-square with 8 degrees of freedom.
        assert!(chi_square < 26.12, "{chi_square}");
    }

    #[test]
    fn redraws_what_would_be_biased() {
        // 2³² mod (2³¹ + 1) = 2³¹ − 1: about half of all words are rejected.
        let bound = NonZeroU32::new(0x8000_0001).unwrap();
        let words = Key::new(3).fold_in(0).bits(1000);
        let refused = words.iter().filter(|&&w| accept(w, bound).is_none()).count();
        assert!((400..600).contains(&refused), "{refused}");
    }
}
