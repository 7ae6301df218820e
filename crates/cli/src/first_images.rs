//! A word on data in the order of its classes.

use minima_config::preset::Preset;
use minima_data::{Dataset, Splits};
use std::collections::BTreeSet;

/// Writes a line to standard error for each set whose first images, which the preset uses, lack classes.
pub(crate) fn tell_of_missing_classes(preset: &Preset, data: &Splits) {
    for (key, count, set) in [
        ("train_images", preset.train_images, &data.train),
        ("test_images", preset.test_images, &data.test),
        ("attacked_images", preset.attacked_images, &data.test),
    ] {
        if let Some(line) = missing_classes(count, set) {
            tell!("{key}: {line}");
        }
    }
}

/// What the first `count` images lack; `None` if they are of all classes or too few for all.
fn missing_classes(count: usize, set: &Dataset) -> Option<String> {
    let labels = set.labels();
    let first = labels.get(..count).filter(|_| count < labels.len() && count >= 4 * set.classes())?;
    let [found, all] = [first, labels].map(|labels| labels.iter().collect::<BTreeSet<_>>().len());
    (found < all).then(|| {
        let images = labels.len();
        format!(
            "the first {count} of {images} images are of {found} of {all} classes; shuffle data that is sorted by class"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn set(labels: Vec<u16>) -> Dataset {
        let images = Array2::<u8>::zeros((labels.len(), 1));
        Dataset::new(images, labels, [1, 1, 1], 2).unwrap()
    }

    #[test]
    fn sorted_labels_are_noticed() {
        let sorted: Vec<u16> = (0..40).map(|i| u16::from(i >= 20)).collect();
        let alternating: Vec<u16> = (0..40).map(|i| i % 2).collect();
        let line = missing_classes(20, &set(sorted.clone())).unwrap();
        assert!(line.starts_with("the first 20 of 40 images are of 1 of 2 classes"), "{line}");
        assert_eq!(missing_classes(21, &set(sorted.clone())), None);
        // All images, and too few for all classes.
        assert_eq!(missing_classes(40, &set(sorted.clone())), None);
        assert_eq!(missing_classes(3, &set(sorted)), None);
        assert_eq!(missing_classes(20, &set(alternating)), None);
    }
}
