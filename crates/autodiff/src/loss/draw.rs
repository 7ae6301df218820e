//! A label drawn from probabilities.

use crate::Scalar;

/// Returns the first class at which the cumulative probability exceeds `draw`, a number from 0 to below 1. If there is
/// no such class because of rounding, returns the last possible class.
pub(super) fn draw_label<'p, T: Scalar>(p: impl IntoIterator<Item = &'p T>, draw: f32) -> usize {
    let (mut sum, mut last) = (0.0, 0);
    for (class, p) in p.into_iter().enumerate() {
        sum += p.as_f64();
        if *p > T::zero() {
            last = class;
        }
        if sum > f64::from(draw) {
            return class;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::draw_label;

    #[test]
    fn labels_follow_the_probabilities() {
        let p = [0.25, 0.0, 0.5, 0.25, 0.0];
        let drawn = [0.0, 0.2499, 0.25, 0.7499, 0.75, 1.0].map(|draw| draw_label(&p, draw));
        assert_eq!(drawn, [0, 0, 2, 2, 3, 3]);
    }
}
