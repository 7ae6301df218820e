//! The verdict of a check for gradient masking, including the case of too few images.

use crate::significance::{LEVEL, upper_tail};
use std::fmt;

/// The verdict of a check.
///
/// A check passes if its condition holds on the attacked images. If the condition does not hold, chance decides: if at
/// least as many counterexamples would occur by chance in 5 % of all cases or more, the images are too few; otherwise
/// the check fails.
///
/// - *Attack A is not weaker than attack B.* With `b` images on which B alone succeeds and `a` on which A alone
///   succeeds, the condition is `b ≤ a`. Chance: at least `b` heads in `a + b` tosses of a fair coin. Five images
///   against zero are enough, four are not.
/// - *At most 1 % of the images.* With `k` of `n` images, the condition is `k ≤ n / 100`. Chance: at least `k`
///   successes in `n` trials of probability 1 %. A single image is never enough; two of 31 images are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The check shows no sign of masked gradients.
    Pass,
    /// The check had no data.
    NotRun,
    /// The condition does not hold on these images, but they are too few for a conclusion.
    TooFewImages,
    /// The check shows a sign of masked gradients beyond chance.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotRun => "not run",
            Self::TooFewImages => "too few images",
        })
    }
}

/// The share of images that may violate a check.
const ALLOWED: f64 = 0.01;

impl Verdict {
    /// Checks that an attack is not weaker than another one. Each pair says whether the two attacks succeeded on an
    /// image.
    pub(crate) fn not_weaker(images: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let (mut strong, mut weak) = (0, 0);
        for (strong_one, weak_one) in images {
            strong += usize::from(strong_one && !weak_one);
            weak += usize::from(weak_one && !strong_one);
        }
        Self::of(weak <= strong, || upper_tail(weak, strong + weak, 0.5))
    }

    /// Checks that at most 1 % of the images have a property, which `count` of `images` have.
    pub(crate) fn at_most_one_percent(count: usize, images: usize) -> Self {
        let chance = || if count > 1 { upper_tail(count, images, ALLOWED) } else { 1.0 };
        Self::of(count as f64 <= ALLOWED * images as f64, chance)
    }

    fn of(holds: bool, chance: impl FnOnce() -> f64) -> Self {
        match holds {
            true => Self::Pass,
            false if chance() < LEVEL => Self::Fail,
            false => Self::TooFewImages,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_image_decides_nothing() {
        for images in 1..100 {
            assert_eq!(Verdict::at_most_one_percent(0, images), Verdict::Pass);
            assert_eq!(Verdict::at_most_one_percent(1, images), Verdict::TooFewImages, "{images}");
        }
        assert_eq!(Verdict::at_most_one_percent(2, 31), Verdict::Fail);
        assert_eq!(Verdict::at_most_one_percent(10, 1_000), Verdict::Pass);
        assert_eq!(Verdict::at_most_one_percent(11, 1_000), Verdict::TooFewImages);
        assert_eq!(Verdict::at_most_one_percent(20, 1_000), Verdict::Fail);
        let alone = |strong: usize, weak: usize| {
            let both = [(true, true), (false, false)];
            let images = vec![(true, false); strong].into_iter().chain(vec![(false, true); weak]).chain(both);
            Verdict::not_weaker(images)
        };
        assert_eq!([alone(0, 0), alone(3, 3), alone(9, 0)], [Verdict::Pass; 3]);
        assert_eq!([alone(0, 1), alone(0, 4), alone(3, 4)], [Verdict::TooFewImages; 3]);
        assert_eq!([alone(0, 5), alone(2, 9)], [Verdict::Fail; 2]);
    }
}
