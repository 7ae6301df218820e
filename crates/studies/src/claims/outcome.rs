//! What one trained model makes of every test image.

/// One model, image by image, in the order of the test set.
///
/// A field without images, or without radii, leaves the claims that need it out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelOutcome {
    /// The training set: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed; runs of one seed share initial weights and the order of samples.
    pub seed: u64,
    /// Whether it is classified correctly.
    pub correct: Vec<bool>,
    /// For each radius of FGSM, whether it is misclassified after the attack; looked at where `correct` only.
    pub flipped: Vec<(f64, Vec<bool>)>,
    /// The norm of the loss's gradient with respect to it.
    pub input_gradient_norms: Vec<f64>,
    /// The true class's logit less the largest other one.
    pub logit_margins: Vec<f64>,
    /// For each norm of a weight perturbation, the loss increase of its batch.
    pub loss_increases: Vec<(f64, Vec<f64>)>,
    /// Of other attacks: the name, the radius (L∞), and whether each of the first so many images still is correct after.
    pub robust: Vec<(String, f64, Vec<bool>)>,
}
