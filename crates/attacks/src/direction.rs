//! The direction in which a loss grows fastest for a step of a given length.

use crate::Norm;
use minima_autodiff::Scalar;

/// Adds a step of this length along the steepest ascent: in L∞ each pixel moves by the sign of its gradient (0 for 0),
/// in L2 the whole image moves along its gradient. A zero gradient moves nothing.
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
                // The quotient by a very small norm overflows; the quotients of the components do not.
                let along = |g: f64| if scale.is_finite() { scale * g } else { length * (g / steepness) };
                for (a, g) in image.iter_mut().zip(gradient) {
                    *a += T::from_f64(along(g.as_f64()));
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
            // The squares of the first and the last underflow and overflow.
            for size in [1e-310, 1e-200, 1.0, 1e200] {
                let mut image = [0.0_f64; 3];
                climb(norm, 0.5, &[3.0 * size, 0.0, -4.0 * size], &mut image);
                assert!((norm.of(&image) - 0.5).abs() < 1e-12, "{norm}, {size:e}: {image:?}");
                assert!(image[0] > 0.0 && image[1] == 0.0 && image[2] < 0.0);
            }
        }
    }

    #[test]
    fn a_gradient_of_zero_moves_nothing() {
        for norm in [Norm::Linf, Norm::L2] {
            let mut image = [0.25_f32; 3];
            climb(norm, 1e9, &[0.0; 3], &mut image);
            assert_eq!(image, [0.25; 3]);
        }
    }
}
