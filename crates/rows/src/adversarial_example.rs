//! An image and its adversarial version, as in figure 1, and `tables/adversarial.csv`: one row per such pair.

use serde::{Deserialize, Serialize};

use crate::Record;

/// A successful attack on one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdversarialExample {
    /// The image's pixels in [0, 1], in the order height, width, channel.
    pub original: Vec<f32>,
    /// The attacked image's pixels, in the same order.
    pub adversarial: Vec<f32>,
    /// Height, width and channels (1 or 3).
    pub shape: [usize; 3],
    /// The image's index in the test set, from 0.
    pub image: usize,
    /// The image's true label.
    pub label: usize,
    /// The label predicted after the attack.
    pub predicted: usize,
    /// Probability of the true label before the attack.
    pub confidence_before: f64,
    /// Probability of the predicted label after the attack.
    pub confidence_after: f64,
    /// The attack's largest change of a pixel.
    pub epsilon: f64,
    /// The optimizer that trained the attacked model.
    pub optimizer: String,
}

/// A successful attack on one image, with pixels rounded to 8 bits: precise enough for a figure, not for an attack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdversarialRow {
    /// The training labels: `clean` or `poisoned`.
    pub labels: String,
    /// The optimizer that trained the attacked model.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// The image's index in the test set, from 0.
    pub image: u32,
    /// The image's true label, which the model predicts before the attack.
    pub label: u32,
    /// The label predicted after the attack.
    pub predicted: u32,
    /// The attack's largest change of a pixel.
    pub epsilon: f64,
    /// Probability of the true label before the attack.
    pub confidence_before: f64,
    /// Probability of the predicted label after the attack.
    pub confidence_after: f64,
    /// The image's height.
    pub height: u32,
    /// The image's width.
    pub width: u32,
    /// Channels: 1 or 3.
    pub channels: u32,
    /// The image's pixels in the order height, width, channel, two hexadecimal digits each.
    pub original: String,
    /// The attacked image's pixels, in the same format.
    pub adversarial: String,
}

impl AdversarialRow {
    /// The row of one attack on a model with these training labels and seed.
    #[must_use]
    pub fn new(labels: &str, seed: u64, example: &AdversarialExample) -> Self {
        let [height, width, channels] = example.shape.map(|extent| extent as u32);
        Self {
            labels: labels.to_owned(),
            optimizer: example.optimizer.clone(),
            seed,
            image: example.image as u32,
            label: example.label as u32,
            predicted: example.predicted as u32,
            epsilon: example.epsilon,
            confidence_before: example.confidence_before,
            confidence_after: example.confidence_after,
            height,
            width,
            channels,
            original: hexadecimal(&example.original),
            adversarial: hexadecimal(&example.adversarial),
        }
    }

    /// Both images' bytes, in the order height, width, channel; `None` if the text is not the hexadecimal form of such an image.
    #[must_use]
    pub fn pixels(&self) -> Option<[Vec<u8>; 2]> {
        // The product of three 32-bit sizes can overflow 64 bits.
        let numbers: u128 = [self.height, self.width, self.channels].into_iter().map(u128::from).product();
        let fits = |bytes: &Vec<u8>| matches!(self.channels, 1 | 3) && numbers > 0 && bytes.len() as u128 == numbers;
        let decode = |text: &str| bytes(text).filter(fits);
        Some([decode(&self.original)?, decode(&self.adversarial)?])
    }
}

fn hexadecimal(pixels: &[f32]) -> String {
    pixels.iter().map(|pixel| format!("{:02x}", (pixel.clamp(0.0, 1.0) * 255.0).round() as u8)).collect()
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits?;
    (digits.len() % 2 == 0)
        .then(|| digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| 16 * byte + digit)).collect())
}

impl Record for AdversarialRow {
    fn optimizers_mut(&mut self) -> Vec<&mut String> {
        vec![&mut self.optimizer]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back_in_eight_bits() {
        let example = AdversarialExample {
            original: vec![0.0, 1.0, 0.5, 0.25],
            adversarial: vec![0.1, 0.9, 0.6, 0.35],
            shape: [2, 2, 1],
            image: 7,
            label: 3,
            predicted: 5,
            confidence_before: 0.9,
            confidence_after: 0.8,
            epsilon: 0.1,
            optimizer: "adam".to_owned(),
        };
        let row = AdversarialRow::new("clean", 42, &example);
        assert_eq!(row.original, "00ff8040");
        assert_eq!(row.pixels(), Some([vec![0, 255, 128, 64], vec![26, 230, 153, 89]]));
        for broken in ["00ff80", "00ff804", "00ff80zz", "00ff8040é"] {
            assert_eq!(AdversarialRow { original: broken.to_owned(), ..row.clone() }.pixels(), None, "{broken}");
        }
        assert_eq!(AdversarialRow { channels: 2, ..row.clone() }.pixels(), None);
        // The product is 2^64 + 32, which wraps around to 32 in 64 bits.
        let (height, width, text) = (1_824_726_041, 3_369_774_176, "00".repeat(32));
        let wrapped = AdversarialRow { height, width, channels: 3, original: text.clone(), adversarial: text, ..row };
        assert_eq!(wrapped.pixels(), None);
    }
}
