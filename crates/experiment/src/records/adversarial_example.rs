//! An image and its adversarial twin, as figure 1 shows them.

/// A successful attack on one image.
#[derive(Clone, Debug, PartialEq)]
pub struct AdversarialExample {
    /// The image's pixels in [0, 1], in the order height, width, channel.
    pub original: Vec<f32>,
    /// The attacked image's pixels, in the same order.
    pub adversarial: Vec<f32>,
    /// Height, width and channels (1 or 3).
    pub shape: [usize; 3],
    /// The image's true label.
    pub label: usize,
    /// The label predicted after the attack.
    pub predicted: usize,
    /// The attack's largest change of a pixel.
    pub epsilon: f64,
    /// The optimizer that trained the attacked model.
    pub optimizer: String,
}
