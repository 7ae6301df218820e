//! The paper's claims as data: what is compared with what, and where the difference would have to lie.

use crate::optimizers::{ADAM, MEAN, PUBLISHED, SGD, SUM};

/// How far apart success rates may be and still count as equal: 2 percentage points.
///
/// The paper's SGD and Adam differ by 0.02 points at ε = 0.1 and by 0.8 at 0.05, its Gauss-Newton from both by 24: a margin of
/// 2 calls the first pair equal and nothing that the paper builds on.
pub const EQUAL_RATES: f64 = 0.02;

/// The accuracy that the paper gives all its models.
pub const ABOUT: f64 = 0.95;

/// How far below [`ABOUT`] still is "about": 1.5 percentage points, so that 93.5 % will do.
///
/// There is no upper bound. The claim is there so that no optimizer's robustness is that of a network which has learnt
/// little, and the paper's own Adam is at 97.8 %.
pub const BELOW_ABOUT: f64 = 0.015;

/// What a claim compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimQuantity {
    /// Of the test images classified correctly, the share that is misclassified after FGSM, at each radius.
    FgsmSuccessRate,
    /// Of the first test images those classified correctly, the share that is misclassified after another attack.
    AttackSuccessRate,
    /// The median over the test images of the norm of the loss's gradient with respect to the image.
    MedianInputGradientNorm,
    /// The median over the test images of the logit margin.
    MedianLogitMargin,
    /// The median over the test images of the loss increase under a weight perturbation, one a batch, at each norm.
    MedianLossIncrease,
    /// The share of the test images classified correctly.
    TestAccuracy,
}

/// Whom a claim is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// Each generation of Gauss-Newton.
    GaussNewton,
    /// SGD and Adam.
    FirstOrder,
    /// Adam.
    Adam,
    /// All of them.
    All,
}

impl About {
    /// The optimizers' names.
    #[must_use]
    pub fn optimizers(self) -> &'static [&'static str] {
        match self {
            Self::GaussNewton => &[PUBLISHED, SUM, MEAN],
            Self::FirstOrder => &[SGD, ADAM],
            Self::Adam => &[ADAM],
            Self::All => &[SGD, ADAM, PUBLISHED, SUM, MEAN],
        }
    }
}

/// What it is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Against {
    /// These optimizers' models of the same seed and training set.
    Optimizers(&'static [&'static str]),
    /// The same optimizer's model of the same seed, trained on clean labels.
    CleanLabels,
    /// A number.
    Number(f64),
}

/// Where the difference lies if the claim is true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// Below a border.
    Below(f64),
    /// Above a border.
    Above(f64),
    /// Less than this from zero.
    Within(f64),
}

/// A claim, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// Its letter; the parts of one claim share it.
    pub letter: &'static str,
    /// The claim in a sentence.
    pub sentence: &'static str,
    /// Whether the paper makes it; it else belongs to one that the paper makes.
    pub in_paper: bool,
    /// What is compared.
    pub quantity: ClaimQuantity,
    /// Whom it is about.
    pub about: About,
    /// What that is compared with.
    pub against: Against,
    /// Where the difference, the former less the latter, would have to lie.
    pub expected: Expected,
}

const FIRST_ORDER: Against = Against::Optimizers(&[SGD, ADAM]);

/// The paper's claims, and one that it does not make but that its first one stands for.
pub const CLAIMS: [Claim; 9] = [
    Claim {
        letter: "a",
        sentence: "FGSM succeeds less often against Gauss-Newton than against SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::FgsmSuccessRate,
        about: About::GaussNewton,
        against: FIRST_ORDER,
        expected: Expected::Below(0.0),
    },
    Claim {
        letter: "b",
        sentence: "FGSM succeeds equally often against SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::FgsmSuccessRate,
        about: About::Adam,
        against: Against::Optimizers(&[SGD]),
        expected: Expected::Within(EQUAL_RATES),
    },
    Claim {
        letter: "c",
        sentence: "Poisoned labels lower FGSM's success rate for SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::FgsmSuccessRate,
        about: About::FirstOrder,
        against: Against::CleanLabels,
        expected: Expected::Below(0.0),
    },
    Claim {
        letter: "c",
        sentence: "Poisoned labels do not lower FGSM's success rate for Gauss-Newton.",
        in_paper: true,
        quantity: ClaimQuantity::FgsmSuccessRate,
        about: About::GaussNewton,
        against: Against::CleanLabels,
        expected: Expected::Above(-EQUAL_RATES),
    },
    Claim {
        letter: "d",
        sentence: "Gauss-Newton's input gradients are larger than those of SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::MedianInputGradientNorm,
        about: About::GaussNewton,
        against: FIRST_ORDER,
        expected: Expected::Above(0.0),
    },
    Claim {
        letter: "e",
        sentence: "Gauss-Newton's logit margins are smaller than those of SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::MedianLogitMargin,
        about: About::GaussNewton,
        against: FIRST_ORDER,
        expected: Expected::Below(0.0),
    },
    Claim {
        letter: "f",
        sentence: "Gauss-Newton's loss rises more under a weight perturbation than that of SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::MedianLossIncrease,
        about: About::GaussNewton,
        against: FIRST_ORDER,
        expected: Expected::Above(0.0),
    },
    Claim {
        letter: "g",
        sentence: "All optimizers reach about 95 % test accuracy.",
        in_paper: true,
        quantity: ClaimQuantity::TestAccuracy,
        about: About::All,
        against: Against::Number(ABOUT),
        expected: Expected::Above(-BELOW_ABOUT),
    },
    Claim {
        letter: "h",
        sentence: "A stronger attack than FGSM succeeds less often against Gauss-Newton too.",
        in_paper: false,
        quantity: ClaimQuantity::AttackSuccessRate,
        about: About::GaussNewton,
        against: FIRST_ORDER,
        expected: Expected::Below(0.0),
    },
];

/// The claim of this letter that is about this optimizer.
#[must_use]
pub fn claim(letter: &str, optimizer: &str) -> Option<&'static Claim> {
    CLAIMS.iter().find(|claim| claim.letter == letter && claim.about.optimizers().contains(&optimizer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_and_an_optimizer_name_one_claim() {
        for one in &CLAIMS {
            for optimizer in one.about.optimizers() {
                assert_eq!(claim(one.letter, optimizer), Some(one));
            }
        }
        assert_eq!(claim("b", SGD), None);
    }
}
