//! Claims as data: what is compared with what, and where the difference must be.

/// The quantity that a claim compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClaimQuantity {
    /// The share of the correctly classified test images that are misclassified after FGSM, at each radius.
    FgsmSuccessRate,
    /// The share of the correctly classified images, among the first test images, that are misclassified after another attack.
    AttackSuccessRate,
    /// The share of the correctly classified images, among the first test images, for which a proof was found that no image within the
    /// radius is misclassified.
    ProvedShare,
    /// The median over the test images of the norm of the loss's gradient with respect to the image.
    MedianInputGradientNorm,
    /// The median over the test images of the logit margin.
    MedianLogitMargin,
    /// The median over the test images of the loss increase under a weight perturbation, one per batch, at each norm.
    MedianLossIncrease,
    /// The share of the test images classified correctly.
    TestAccuracy,
}

/// What the quantity is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Against {
    /// These optimizers' models with the same seed and training labels.
    Optimizers(&'static [&'static str]),
    /// The same optimizer's model with the same seed, trained on clean labels.
    CleanLabels,
    /// A number.
    Number(f64),
}

/// Where the difference is if the claim is true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// Below a border.
    Below(f64),
    /// Above a border.
    Above(f64),
    /// At a distance below this from zero.
    Within(f64),
}

/// A claim, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// Its letter; the parts of one claim share it.
    pub letter: &'static str,
    /// The claim in a sentence.
    pub sentence: &'static str,
    /// Whether the paper makes this claim; otherwise it supplements a claim of the paper.
    pub in_paper: bool,
    /// The compared quantity.
    pub quantity: ClaimQuantity,
    /// The optimizers that the claim is about.
    pub about: &'static [&'static str],
    /// What these optimizers are compared with.
    pub against: Against,
    /// Where the difference, `about` less `against`, must be.
    pub expected: Expected,
    /// The smallest difference that matters, if one is known for the quantity. A difference that is smaller for certain is
    /// negligible: the claim neither holds nor is open.
    pub negligible: Option<f64>,
}

impl Claim {
    /// The claim with this letter about this optimizer.
    #[must_use]
    pub fn find<'a>(claims: &'a [Self], letter: &str, optimizer: &str) -> Option<&'a Self> {
        claims.iter().find(|claim| claim.letter == letter && claim.about.contains(&optimizer))
    }
}
