//! How a check for masked gradients comes out, and when the images are too few to say.

use crate::significance::{LEVEL, upper_tail};
use std::fmt;

/// How a check came out.
///
/// A check passes if what should hold holds on the images attacked. If it does not, and as many images against it would
/// come by chance in 5 % of all cases or more although it holds in general, the images are too few; else it fails.
///
/// - *Attack A is not weaker than attack B.* With `b` images on which B alone succeeds and `a` on which A alone does, it
///   holds if `b ≤ a`. Chance: at least `b` heads in `a + b` throws of a coin. Five images
///   against none are enough, four are not.
/// - *At most 1 % of the images.* With `k` of `n` images, it holds if `k ≤ n / 100`. Chance: at least `k` successes in
///   `n` trials of probability 1 %. A single image is never enough; of 31 images two are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The check shows no sign of masked gradients.
    Pass,
    /// The check had nothing to look at.
    NotRun,
    /// The condition does not hold on these images, which are too few to say more.
    TooFewImages,
    /// The check shows a sign of masked gradients, beyond chance.
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

/// The share of the images that may be against a check.
const ALLOWED: f64 = 0.01;

impl Verdict {
    /// That an attack is not weaker than another one: whether each succeeded on each image.
    pub(crate) fn not_weaker(images: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let (mut strong, mut weak) = (0, 0);
        for (strong_one, weak_one) in images {
            strong += usize::from(strong_one && !weak_one);
            weak += usize::from(weak_one && !strong_one);
        }
        Self::of(weak <= strong, || upper_tail(weak, strong + weak, 0.5))
    }

    /// That at most 1 % of the images are such: `count` of `images` are.
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
