//! The measurements of one trained model on every test image.

/// The measurements of one model, image by image, in the order of the test set.
///
/// If a field is empty, the claims that need it are skipped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelOutcome {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed. Runs with the same seed share initial weights and the order of samples.
    pub seed: u64,
    /// Whether each image is classified correctly.
    pub correct: Vec<bool>,
    /// For each radius of FGSM, whether each image is misclassified after the attack. Only the images in `correct` are used.
    pub flipped: Vec<(f64, Vec<bool>)>,
    /// The norm of the loss's gradient with respect to each image.
    pub input_gradient_norms: Vec<f64>,
    /// The true class's logit less the largest other one, of each image.
    pub logit_margins: Vec<f64>,
    /// For each norm of a weight perturbation, the loss increase of each image's batch.
    pub loss_increases: Vec<(f64, Vec<f64>)>,
    /// For each other attack: its name, its radius (L∞), and whether each attacked image, the first ones, is robust.
    pub robust: Vec<(String, f64, Vec<bool>)>,
    /// For each radius of the proofs (L∞), whether each examined image, the first ones, is proved.
    pub proved: Vec<(f64, Vec<bool>)>,
}
