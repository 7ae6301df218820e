//! Claims as data: what is compared with what, and where the difference would have to lie.

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
    /// The optimizers that it is about.
    pub about: &'static [&'static str],
    /// What that is compared with.
    pub against: Against,
    /// Where the difference, the former less the latter, would have to lie.
    pub expected: Expected,
}

impl Claim {
    /// The claim of this letter that is about this optimizer.
    #[must_use]
    pub fn find<'a>(claims: &'a [Self], letter: &str, optimizer: &str) -> Option<&'a Self> {
        claims.iter().find(|claim| claim.letter == letter && claim.about.contains(&optimizer))
    }
}
