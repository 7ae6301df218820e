//! The claims of the paper, two that its first claim suggests, and two of another paper.

use minima_rows::optimizers::{ADAM, GAUSS_NEWTONS, SAM, SGD, known};
use minima_rows::{Against, Claim, ClaimQuantity, Expected};

/// The largest difference between success rates that count as equal: 2 percentage points.
///
/// In the paper, SGD and Adam differ by 0.02 points at ε = 0.1 and by 0.8 at 0.05. Gauss-Newton differs from both by 24. A margin
/// of 2 points calls SGD and Adam equal, and none of the differences that the paper relies on.
pub(crate) const EQUAL_RATES: f64 = 0.02;

/// The smallest difference between success rates, or between proved shares, that matters: 5 percentage points.
///
/// Two runs of one optimizer that differ in their seeds alone are often further apart.
pub(crate) const NEGLIGIBLE: f64 = 0.05;

/// The test accuracy that the paper states for all its models.
pub const ABOUT: f64 = 0.95;

/// The largest shortfall from [`ABOUT`] that still counts as "about": 1.5 percentage points, so 93.5 % is accepted.
///
/// There is no upper bound. The claim rules out that an optimizer is robust only because its network has learnt little. The
/// paper's own Adam reaches 97.8 %.
pub(crate) const BELOW_ABOUT: f64 = 0.015;

/// All optimizers with a label of their own.
const ALL: &[&str] = &known();
const BOTH_FIRST_ORDER: &[&str] = &[SGD, ADAM];
const FIRST_ORDER: Against = Against::Optimizers(BOTH_FIRST_ORDER);

/// The claims of the paper, two that its first claim suggests, and two of another paper.
pub const CLAIMS: [Claim; 12] = [
    Claim {
        letter: "a",
        sentence: "FGSM succeeds less often against Gauss-Newton than against SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::FgsmSuccessRate,
        about: &GAUSS_NEWTONS,
        against: FIRST_ORDER,
        expected: Expected::Below(0.0),
        negligible: Some(NEGLIGIBLE),
    },
    Claim {
        letter: "b",
        sentence: "FGSM succeeds equally often against SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::FgsmSuccessRate,
        about: &[ADAM],
        against: Against::Optimizers(&[SGD]),
        expected: Expected::Within(EQUAL_RATES),
        negligible: None,
    },
    Claim {
        letter: "c",
        sentence: "Poisoned labels lower FGSM's success rate for SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::FgsmSuccessRate,
        about: BOTH_FIRST_ORDER,
        against: Against::CleanLabels,
        expected: Expected::Below(0.0),
        negligible: None,
    },
    Claim {
        letter: "c",
        sentence: "Poisoned labels do not lower FGSM's success rate for Gauss-Newton.",
        in_paper: true,
        quantity: ClaimQuantity::FgsmSuccessRate,
        about: &GAUSS_NEWTONS,
        against: Against::CleanLabels,
        expected: Expected::Above(-EQUAL_RATES),
        negligible: None,
    },
    Claim {
        letter: "d",
        sentence: "Gauss-Newton has larger input gradients than SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::MedianInputGradientNorm,
        about: &GAUSS_NEWTONS,
        against: FIRST_ORDER,
        expected: Expected::Above(0.0),
        negligible: None,
    },
    Claim {
        letter: "e",
        sentence: "Gauss-Newton has smaller logit margins than SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::MedianLogitMargin,
        about: &GAUSS_NEWTONS,
        against: FIRST_ORDER,
        expected: Expected::Below(0.0),
        negligible: None,
    },
    Claim {
        letter: "f",
        sentence: "Gauss-Newton's loss rises more under a weight perturbation than the loss of SGD and Adam.",
        in_paper: true,
        quantity: ClaimQuantity::MedianLossIncrease,
        about: &GAUSS_NEWTONS,
        against: FIRST_ORDER,
        expected: Expected::Above(0.0),
        negligible: None,
    },
    Claim {
        letter: "g",
        sentence: "All optimizers reach about 95 % test accuracy.",
        in_paper: true,
        quantity: ClaimQuantity::TestAccuracy,
        about: ALL,
        against: Against::Number(ABOUT),
        expected: Expected::Above(-BELOW_ABOUT),
        negligible: None,
    },
    Claim {
        letter: "h",
        sentence: "A stronger attack than FGSM succeeds less often against Gauss-Newton too.",
        in_paper: false,
        quantity: ClaimQuantity::AttackSuccessRate,
        about: &GAUSS_NEWTONS,
        against: FIRST_ORDER,
        expected: Expected::Below(0.0),
        negligible: Some(NEGLIGIBLE),
    },
    Claim {
        letter: "i",
        sentence: "More images are proved robust for Gauss-Newton than for SGD and Adam.",
        in_paper: false,
        quantity: ClaimQuantity::ProvedShare,
        about: &GAUSS_NEWTONS,
        against: FIRST_ORDER,
        expected: Expected::Above(0.0),
        negligible: Some(NEGLIGIBLE),
    },
    // Zhang et al. 2024, "On the Duality Between Sharpness-Aware Minimization and Adversarial Training".
    Claim {
        letter: "j",
        sentence: "FGSM succeeds less often against SAM than against Adam.",
        in_paper: false,
        quantity: ClaimQuantity::FgsmSuccessRate,
        about: &[SAM],
        against: Against::Optimizers(&[ADAM]),
        expected: Expected::Below(0.0),
        negligible: Some(NEGLIGIBLE),
    },
    Claim {
        letter: "k",
        sentence: "A stronger attack than FGSM succeeds less often against SAM than against Adam too.",
        in_paper: false,
        quantity: ClaimQuantity::AttackSuccessRate,
        about: &[SAM],
        against: Against::Optimizers(&[ADAM]),
        expected: Expected::Below(0.0),
        negligible: Some(NEGLIGIBLE),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_and_an_optimizer_name_one_claim() {
        for one in &CLAIMS {
            for optimizer in one.about {
                assert_eq!(Claim::find(&CLAIMS, one.letter, optimizer), Some(one));
            }
        }
        assert_eq!(Claim::find(&CLAIMS, "b", SGD), None);
    }
}
