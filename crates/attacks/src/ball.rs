//! Where an adversarial image may lie.

use crate::{AttackError, Epsilon, Norm};
use minima_autodiff::Scalar;
use std::fmt;

/// How far beyond its radius a ball reaches for rounding: one ulp of a pixel of value 1 in `f32`.
const ULP: f64 = f32::EPSILON as f64;

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
    /// The images of which every pixel is within `epsilon` of the original's.
    ///
    /// # Errors
    /// When the radius is negative, above 1 or not a number.
    pub fn linf(epsilon: f64) -> Result<Self, AttackError> {
        Epsilon::new(epsilon).map(Self::from)
    }

    /// The images within Euclidean distance `epsilon`.
    ///
    /// # Errors
    /// When the radius is negative, infinite or not a number.
    pub fn l2(epsilon: f64) -> Result<Self, AttackError> {
        if epsilon.is_finite() && epsilon >= 0.0 {
            Ok(Self { norm: Norm::L2, epsilon })
        } else {
            Err(AttackError::Epsilon { found: epsilon, expected: "a finite number from 0" })
        }
    }

    /// The ball of a norm and a radius.
    ///
    /// # Errors
    /// As [`linf`](Self::linf) and [`l2`](Self::l2).
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

    /// Moves an image into the ball around `original` and into [0, 1]: to the nearest point of the ball, and from there
    /// each pixel to its nearest value.
    pub fn project<T: Scalar>(self, original: &[T], image: &mut [T]) {
        match self.norm {
            Norm::Linf => {
                let radius = T::from_f64(self.epsilon);
                for (a, &x) in image.iter_mut().zip(original) {
                    let (least, most) = ((x - radius).max(T::zero()), (x + radius).min(T::one()));
                    *a = a.max(least).min(most);
                }
            }
            Norm::L2 => self.project_l2(original, image),
        }
    }

    fn project_l2<T: Scalar>(self, original: &[T], image: &mut [T]) {
        let clip = |a: &mut T| *a = a.max(T::zero()).min(T::one());
        let mut aim = self.epsilon;
        // Rounding the pixels can carry the image out of the ball again, by less each time.
        for _ in 0..8 {
            let distance = Norm::L2.distance(original, image);
            if distance <= self.epsilon {
                break;
            }
            let shrink = aim / distance;
            for (a, x) in image.iter_mut().zip(original) {
                *a = T::from_f64(x.as_f64() + shrink * (a.as_f64() - x.as_f64()));
            }
            aim -= self.epsilon * 2e-7;
        }
        image.iter_mut().for_each(clip);
    }

    /// Whether an image is in the ball around `original`, to one ulp of a pixel in `f32`. A NaN is in no ball.
    #[must_use]
    pub fn contains<T: Scalar>(self, original: &[T], image: &[T]) -> bool {
        self.holds(self.norm.distance(original, image))
    }

    /// Whether a distance is the radius or less, to one ulp of a pixel in `f32`.
    #[must_use]
    pub fn holds(self, distance: f64) -> bool {
        distance <= self.epsilon + ULP * self.epsilon.max(1.0)
    }
}

impl From<Epsilon> for Ball {
    fn from(epsilon: Epsilon) -> Self {
        Self { norm: Norm::Linf, epsilon: epsilon.get() }
    }
}

impl fmt::Display for Ball {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.norm, self.epsilon)
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
