//! The set in which an adversarial image may lie.

use crate::epsilon::Shortest;
use crate::{AttackError, Epsilon, Norm};
use minima_autodiff::Scalar;
use std::fmt;

/// The largest L2 radius. It covers the distance between any two images of 10¹² pixels, and `f32` computes with it
/// safely.
const LARGEST_L2: f64 = 1e6;

/// All images within a distance of the original.
///
/// ```
/// use minima_attacks::Ball;
///
/// let (original, mut moved) = ([0.5_f32, 1.0], [0.9, 2.0]);
/// let ball = Ball::linf(0.125)?;
/// ball.project(&original, &mut moved);
/// assert_eq!(moved, [0.625, 1.0]);
/// assert!(ball.contains(&original, &moved));
/// # Ok::<(), minima_attacks::AttackError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ball {
    norm: Norm,
    epsilon: f64,
}

impl Ball {
    /// The images whose pixels are all within `epsilon` of the original's.
    ///
    /// # Errors
    /// Returns [`AttackError::Epsilon`] if the radius is negative, above 1 or NaN.
    pub fn linf(epsilon: f64) -> Result<Self, AttackError> {
        Epsilon::new(epsilon).map(Self::from)
    }

    /// The images within Euclidean distance `epsilon`.
    ///
    /// # Errors
    /// Returns [`AttackError::Epsilon`] if the radius is negative, above a million or NaN.
    pub fn l2(epsilon: f64) -> Result<Self, AttackError> {
        if (0.0..=LARGEST_L2).contains(&epsilon) {
            Ok(Self { norm: Norm::L2, epsilon })
        } else {
            Err(AttackError::Epsilon { found: epsilon, expected: "a number from 0 to a million" })
        }
    }

    /// The ball of a norm and a radius.
    ///
    /// # Errors
    /// Returns [`AttackError::Epsilon`] under the conditions of [`linf`](Self::linf) and [`l2`](Self::l2).
    pub fn new(norm: Norm, epsilon: f64) -> Result<Self, AttackError> {
        match norm {
            Norm::Linf => Self::linf(epsilon),
            Norm::L2 => Self::l2(epsilon),
        }
    }

    /// The norm of the distance.
    #[must_use]
    pub fn norm(self) -> Norm {
        self.norm
    }

    /// The radius.
    #[must_use]
    pub fn epsilon(self) -> f64 {
        self.epsilon
    }

    /// Moves an image to the nearest point of the ball around `original`, and then each pixel to its nearest value in
    /// [0, 1].
    pub fn project<T: Scalar>(self, original: &[T], image: &mut [T]) {
        match self.norm {
            Norm::Linf => {
                let radius = T::from_f64(self.epsilon);
                for (a, &x) in image.iter_mut().zip(original) {
                    let (least, most) = ((x - radius).max(T::zero()), (x + radius).min(T::one()));
                    *a = a.max(least).min(most);
                }
            }
            Norm::L2 => {
                self.pull_in(original, image);
                image.iter_mut().for_each(|a| *a = a.max(T::zero()).min(T::one()));
            }
        }
    }

    /// Moves an image, with any pixel values, into the L2 ball around `original`. Afterwards the image is inside even
    /// after rounding. An L∞ ball does not need this, because its radius is added pixel by pixel.
    pub(crate) fn pull_in<T: Scalar>(self, original: &[T], image: &mut [T]) {
        let mut aim = self.epsilon;
        for attempt in 0..6 {
            let distance = Norm::L2.distance(original, image);
            if distance <= self.epsilon {
                return;
            }
            let shrink = aim / distance;
            for (a, &x) in image.iter_mut().zip(original) {
                let wanted = x.as_f64() + shrink * (a.as_f64() - x.as_f64());
                // Rounding pixels to the nearest number can move the image outside again.
                *a = if attempt == 0 { T::from_f64(wanted) } else { rounded_towards(x, wanted) };
            }
            // Allows for the rounding of the distance itself, which is a sum over all pixels.
            aim = self.epsilon * (1.0 - 1e-10 * f64::from(attempt + 1));
        }
        // Pixels that are not finite have no nearest point in the ball.
        let distance = Norm::L2.distance(original, image);
        if distance.is_nan() || distance > self.epsilon {
            image.copy_from_slice(original);
        }
    }

    /// Whether an image is in the ball around `original`. A ball of radius 0 contains the original alone; any other
    /// allows for one rounding of a pixel of value 1. An image with a NaN is in no ball.
    #[must_use]
    pub fn contains<T: Scalar>(self, original: &[T], image: &[T]) -> bool {
        self.holds::<T>(self.norm.distance(original, image))
    }

    /// Whether a distance is at most the radius, with tolerance for one rounding of a pixel of value 1 in the precision
    /// `T`, because the sum of a pixel and the radius is rounded. Radius 0 has no tolerance.
    #[must_use]
    pub fn holds<T: Scalar>(self, distance: f64) -> bool {
        let room = if self.epsilon > 0.0 { T::epsilon().as_f64() } else { 0.0 };
        distance <= self.epsilon + room * self.epsilon.max(1.0)
    }
}

/// The number between `x` and `wanted` that is nearest to `wanted`, up to one or two neighbours.
fn rounded_towards<T: Scalar>(x: T, wanted: f64) -> T {
    let nearest = T::from_f64(wanted);
    if (nearest.as_f64() - x.as_f64()).abs() <= (wanted - x.as_f64()).abs() {
        return nearest;
    }
    let step = nearest.abs() * T::epsilon();
    let inwards = if nearest > x { (nearest - step).max(x) } else { (nearest + step).min(x) };
    // A step below the least positive number changes nothing.
    if inwards == nearest { x } else { inwards }
}

impl From<Epsilon> for Ball {
    fn from(epsilon: Epsilon) -> Self {
        Self { norm: Norm::Linf, epsilon: epsilon.get() }
    }
}

impl fmt::Display for Ball {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.norm, Shortest(self.epsilon))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projected_images_are_in_the_ball_and_are_pictures() {
        let original: Vec<f32> = (0..784).map(|i| (i % 17) as f32 / 16.0).collect();
        for epsilon in [0.0, 1e-3, 0.1, 1.0] {
            for ball in [Ball::linf(epsilon).unwrap(), Ball::l2(epsilon).unwrap()] {
                let mut image: Vec<f32> = original.iter().enumerate().map(|(i, x)| x + (i as f32).sin()).collect();
                ball.project(&original, &mut image);
                assert!(ball.contains(&original, &image), "{ball}");
                assert!(image.iter().all(|a| (0.0..=1.0).contains(a)), "{ball}");
                let before = image.clone();
                ball.project(&original, &mut image);
                assert_eq!(before, image, "{ball}: a point in the ball stays");
            }
        }
    }

    #[test]
    fn a_nan_is_in_no_ball() {
        for ball in [Ball::linf(1.0).unwrap(), Ball::l2(1.0).unwrap()] {
            assert!(!ball.contains(&[0.5, 0.5], &[f64::NAN, 0.5]));
        }
    }
}
