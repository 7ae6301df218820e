//! The losses that attacks maximize: a value for one image's logits and its gradient with respect to them.

use minima_autodiff::softmax_cross_entropy;
use minima_autodiff::{ImageLoss, Scalar};

/// A loss of one image's logits z and its label y, to be maximized. [`WithLoss`](crate::WithLoss) gives it to an
/// attack.
///
/// A class with logit −∞ is ignored: the ratios rank the classes that remain. A ratio has denominator 1 if fewer than
/// three classes remain, and the targeted ratio takes z₍₃₎ for z₍₄₎ if three remain.
///
/// The value is NaN if the label or the target is not a class. If no other class remains, it is −∞ for the margin and
/// NaN for the ratio. The gradient is zero if it would not be finite, and for a targeted margin or ratio if the target has
/// logit −∞.
///
/// ```
/// use minima_attacks::AttackLoss;
/// use minima_autodiff::ImageLoss;
///
/// let (logits, label) = ([1.0_f64, 4.0, 0.5, 2.0], 1);
/// assert_eq!(AttackLoss::Margin.value(&logits, label), -2.0);
///
/// let mut gradient = [0.0; 4];
/// AttackLoss::Margin.gradient_into(&logits, label, 1.0, &mut gradient);
/// assert_eq!(gradient, [0.0, -1.0, 0.0, 1.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttackLoss {
    /// Softmax cross-entropy of the label.
    CrossEntropy,
    /// The negative softmax cross-entropy of a target class.
    TargetedCrossEntropy {
        /// The target class t.
        target: usize,
    },
    /// The difference of logits ratio, `−(z_y − max_{c≠y} z_c) / (z_(1) − z_(3))`, with logits sorted from the largest
    /// (Croce & Hein 2020, "Reliable evaluation of adversarial robustness", eq. 6).
    Dlr,
    /// The targeted difference of logits ratio, `−(z_y − z_t) / (z_(1) − (z_(3) + z_(4))/2)` (same paper, eq. 7).
    TargetedDlr {
        /// The target class t.
        target: usize,
    },
    /// The largest other logit minus the label's: positive once the image is misclassified.
    Margin,
    /// The target's logit minus the label's.
    TargetedMargin {
        /// The target class t.
        target: usize,
    },
}

impl AttackLoss {
    /// The fewest classes for which the published formula is defined.
    #[must_use]
    pub fn least_classes(self) -> usize {
        match self {
            Self::CrossEntropy | Self::TargetedCrossEntropy { .. } => 1,
            Self::Margin | Self::TargetedMargin { .. } => 2,
            Self::Dlr => 3,
            Self::TargetedDlr { .. } => 4,
        }
    }

    /// Adds the gradient of the loss to `out`, which is zero. The cross-entropies overwrite it.
    fn formula_into<T: Scalar>(self, logits: &[T], label: usize, out: &mut [T]) {
        let one = T::one();
        match self {
            Self::CrossEntropy => softmax_cross_entropy::gradient_into(logits, label, one, out),
            Self::TargetedCrossEntropy { target } => softmax_cross_entropy::gradient_into(logits, target, -one, out),
            Self::Dlr => {
                let top = Top::of(logits);
                let scale = dlr_scale(logits, &top);
                let falls = self.value(logits, label) / scale;
                add(out, best_other(logits, label), one / scale);
                add(out, Some(label), -one / scale);
                if let Some(third) = top.class(2) {
                    add(out, top.class(0), -falls);
                    add(out, Some(third), falls);
                }
            }
            Self::TargetedDlr { target } => {
                let top = Top::of(logits);
                let scale = targeted_scale(logits, &top);
                let falls = self.value(logits, label) / scale;
                if !falls.is_finite() {
                    return;
                }
                add(out, Some(target), one / scale);
                add(out, Some(label), -one / scale);
                if let (Some(third), Some(fourth)) = (top.class(2), top.class(3).or(top.class(2))) {
                    add(out, top.class(0), -falls);
                    add(out, Some(third), falls * half());
                    add(out, Some(fourth), falls * half());
                }
            }
            Self::Margin => {
                if let Some(best) = best_other(logits, label) {
                    add(out, Some(best), one);
                    add(out, Some(label), -one);
                }
            }
            Self::TargetedMargin { target } => {
                if at(logits, Some(target)).is_finite() {
                    add(out, Some(target), one);
                    add(out, Some(label), -one);
                }
            }
        }
    }
}

impl<T: Scalar> ImageLoss<T> for AttackLoss {
    fn value(&self, logits: &[T], label: usize) -> T {
        match *self {
            Self::CrossEntropy => softmax_cross_entropy::loss(logits, label),
            Self::TargetedCrossEntropy { target } => -softmax_cross_entropy::loss(logits, target),
            Self::Dlr => {
                let top = Top::of(logits);
                (at(logits, best_other(logits, label)) - at(logits, Some(label))) / dlr_scale(logits, &top)
            }
            Self::TargetedDlr { target } => {
                (at(logits, Some(target)) - at(logits, Some(label))) / targeted_scale(logits, &Top::of(logits))
            }
            Self::Margin => match best_other(logits, label) {
                Some(best) => at(logits, Some(best)) - at(logits, Some(label)),
                None => T::neg_infinity(),
            },
            Self::TargetedMargin { target } => at(logits, Some(target)) - at(logits, Some(label)),
        }
    }

    fn gradient_into(&self, logits: &[T], label: usize, scale: T, out: &mut [T]) {
        out.fill(T::zero());
        self.formula_into(logits, label, out);
        out.iter_mut().for_each(|g| *g *= scale);
        if out.iter().any(|g| !g.is_finite()) {
            out.fill(T::zero());
        }
    }
}

/// The classes of the four largest logits above −∞, in decreasing order; of equal logits, the first class comes first.
struct Top {
    classes: [usize; 4],
    found: usize,
}

impl Top {
    fn of<T: Scalar>(logits: &[T]) -> Self {
        let mut top = Self { classes: [0; 4], found: 0 };
        for (class, &z) in logits.iter().enumerate().filter(|(_, z)| **z != T::neg_infinity()) {
            let larger = top.classes.iter().take(top.found).take_while(|&&c| at(logits, Some(c)) >= z).count();
            if let Some(tail) = top.classes.get_mut(larger..).filter(|tail| !tail.is_empty()) {
                tail.rotate_right(1);
                tail.iter_mut().take(1).for_each(|first| *first = class);
                top.found = (top.found + 1).min(4);
            }
        }
        top
    }

    /// The class of this rank; ranks start at 0.
    fn class(&self, rank: usize) -> Option<usize> {
        self.classes.get(rank).copied().filter(|_| rank < self.found)
    }
}

/// The class of the largest logit above −∞ other than the label's; the first if several are equal.
fn best_other<T: Scalar>(logits: &[T], label: usize) -> Option<usize> {
    let mut best = (None, T::neg_infinity());
    for (class, &z) in logits.iter().enumerate() {
        if z > best.1 && class != label {
            best = (Some(class), z);
        }
    }
    best.0
}

/// Keeps the scale positive if logits are equal.
const TINY: f64 = 1e-12;

fn half<T: Scalar>() -> T {
    T::from_f64(0.5)
}

/// `z_(1) − z_(3)`; 1 with fewer than three classes.
fn dlr_scale<T: Scalar>(logits: &[T], top: &Top) -> T {
    match top.class(2) {
        Some(third) => at(logits, top.class(0)) - at(logits, Some(third)) + T::from_f64(TINY),
        None => T::one(),
    }
}

/// `z_(1) − (z_(3) + z_(4))/2`, or `z_(1) − z_(3)` if there is no fourth class; 1 with fewer than three classes.
fn targeted_scale<T: Scalar>(logits: &[T], top: &Top) -> T {
    match (top.class(2), top.class(3).or(top.class(2))) {
        (Some(third), Some(fourth)) => {
            let below = at(logits, Some(third)) + at(logits, Some(fourth));
            at(logits, top.class(0)) - below * half() + T::from_f64(TINY)
        }
        _ => T::one(),
    }
}

fn at<T: Scalar>(logits: &[T], class: Option<usize>) -> T {
    class.and_then(|c| logits.get(c).copied()).unwrap_or_else(T::nan)
}

fn add<T: Scalar>(out: &mut [T], class: Option<usize>, amount: T) {
    if let Some(slot) = class.and_then(|c| out.get_mut(c)) {
        *slot += amount;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [AttackLoss; 6] = [
        AttackLoss::CrossEntropy,
        AttackLoss::TargetedCrossEntropy { target: 2 },
        AttackLoss::Dlr,
        AttackLoss::TargetedDlr { target: 2 },
        AttackLoss::Margin,
        AttackLoss::TargetedMargin { target: 2 },
    ];

    #[test]
    fn values_are_the_published_ones() {
        let z = [1.0_f64, 4.0, 0.5, 2.0, -3.0];
        assert_eq!(AttackLoss::Margin.value(&z, 1), -2.0);
        assert_eq!(AttackLoss::Margin.value(&z, 0), 3.0);
        assert!((AttackLoss::Dlr.value(&z, 1) + 2.0 / 3.0).abs() < 1e-12);
        assert!((AttackLoss::Dlr.value(&z, 0) - 1.0).abs() < 1e-12);
        assert!((AttackLoss::TargetedDlr { target: 2 }.value(&z, 1) + 3.5 / 3.25).abs() < 1e-12);
    }

    #[test]
    fn gradients_are_the_derivatives() {
        let h = 1e-6;
        for z in [[1.0_f64, 4.0, 0.5, 2.0, -3.0], [0.3, -0.2, 2.0, 1.5, 1.8], [5.0, 4.0, 3.0, 2.0, 1.0]] {
            for loss in ALL {
                for label in [0, 1, 4] {
                    let mut gradient = [0.0; 5];
                    loss.gradient_into(&z, label, 1.0, &mut gradient);
                    for c in 0..5 {
                        let shifted = |by: f64| {
                            let mut z = z;
                            z[c] += by;
                            loss.value(&z, label)
                        };
                        let difference = (shifted(h) - shifted(-h)) / (2.0 * h);
                        assert!((gradient[c] - difference).abs() < 1e-8, "{loss:?} {label} {c}");
                    }
                }
            }
        }
    }

    #[test]
    fn classes_of_logit_minus_infinity_are_left_out() {
        let out = f64::NEG_INFINITY;
        // With three classes remaining, the ratios use these three.
        let z = [1.0_f64, 4.0, out, 2.0, out];
        assert!((AttackLoss::Dlr.value(&z, 1) + 2.0 / 3.0).abs() < 1e-12);
        assert!((AttackLoss::TargetedDlr { target: 0 }.value(&z, 1) + 1.0).abs() < 1e-12);
        assert_eq!(AttackLoss::Margin.value(&[out, 4.0, out], 1), out);
        for z in [z, [out, 4.0, out, 2.0, out], [out, 4.0, out, out, out]] {
            for loss in ALL {
                let mut gradient = [0.0; 5];
                loss.gradient_into(&z, 1, 1.0, &mut gradient);
                assert!(gradient.iter().all(|g| g.is_finite()), "{loss:?} of {z:?}: {gradient:?}");
            }
            let mut gradient = [0.0; 5];
            AttackLoss::TargetedDlr { target: 3 }.gradient_into(&z, 1, 1.0, &mut gradient);
            assert_eq!(gradient[3] > 0.0 && gradient[1] < 0.0, z[3].is_finite());
        }
    }

    #[test]
    fn equal_logits_give_finite_gradients() {
        for loss in ALL {
            let mut gradient = [0.0_f32; 5];
            loss.gradient_into(&[1.0; 5], 1, 1.0, &mut gradient);
            assert!(gradient.iter().all(|g| g.is_finite()), "{loss:?}");
        }
    }

    #[test]
    fn a_gradient_is_scaled_and_overwrites() {
        let z = [1.0_f64, 4.0, 0.5, 2.0, -3.0];
        for loss in ALL {
            let (mut once, mut scaled) = ([0.0; 5], [f64::NAN; 5]);
            loss.gradient_into(&z, 0, 1.0, &mut once);
            loss.gradient_into(&z, 0, -0.25, &mut scaled);
            assert_eq!(scaled, once.map(|g| -0.25 * g), "{loss:?}");
            // A gradient that is not finite is zero.
            loss.gradient_into(&z, 0, f64::INFINITY, &mut scaled);
            assert_eq!(scaled, [0.0; 5], "{loss:?}");
        }
    }
}
