//! The direction in which a loss grows fastest for a step of a given length.

use crate::Norm;
use minima_autodiff::Scalar;

/// Adds a step of this length along the steepest ascent: every pixel by its gradient's sign in L∞ (0 for 0), the whole
/// image along its gradient in L2. A gradient of zero moves nothing.
pub(crate) fn climb<T: Scalar>(norm: Norm, length: f64, gradient: &[T], image: &mut [T]) {
    match norm {
        Norm::Linf => {
            let length = T::from_f64(length);
            for (a, &g) in image.iter_mut().zip(gradient) {
                *a += length * sign(g);
            }
        }
        Norm::L2 => {
            let steepness = Norm::L2.of(gradient);
            if steepness > 0.0 {
                let scale = length / steepness;
                for (a, g) in image.iter_mut().zip(gradient) {
                    *a += T::from_f64(scale * g.as_f64());
                }
            }
        }
    }
}

/// −1, 0 or 1.
fn sign<T: Scalar>(x: T) -> T {
    let one_if = |is| if is { T::one() } else { T::zero() };
    one_if(x > T::zero()) - one_if(x < T::zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_their_length() {
        for norm in [Norm::Linf, Norm::L2] {
            let mut image = [0.0_f64; 3];
            climb(norm, 0.5, &[3e-200, 0.0, -4e-200], &mut image);
            // Squares of such gradients underflow in L2, and nothing moves.
            let expected = if norm == Norm::Linf { [0.5, 0.0, -0.5] } else { [0.0; 3] };
            assert_eq!(image, expected);
            climb(norm, 0.5, &[3.0, 0.0, -4.0], &mut image);
            assert!((norm.distance(&expected, &image) - 0.5).abs() < 1e-15);
        }
    }
}
