//! Clipping of gradients.

use minima_autodiff::Scalar;

/// Keeps the quotient finite at a zero gradient, as in PyTorch.
const TINY: f64 = 1e-6;

/// Scales a gradient g by `min(1, c / (‖g‖ + 10⁻⁶))` with the largest norm c, and returns `‖g‖`, the Euclidean norm over
/// all parameters before scaling. This is PyTorch's `clip_grad_norm_` (Pascanu, Mikolov & Bengio 2013).
///
/// The norm is summed in double precision, in the order of the parameters.
///
/// ```
/// let mut gradient = [3.0_f64, -4.0];
/// assert_eq!(minima_optim::clip_to_norm(&mut gradient, 1.0), 5.0);
/// assert!((gradient[0] - 0.6).abs() < 1e-6 && (gradient[1] + 0.8).abs() < 1e-6);
/// ```
pub fn clip_to_norm<T: Scalar>(gradient: &mut [T], largest: f64) -> f64 {
    let norm = gradient.iter().map(|g| g.as_f64().powi(2)).sum::<f64>().sqrt();
    let factor = largest / (norm + TINY);
    if factor < 1.0 {
        let factor = T::from_f64(factor);
        gradient.iter_mut().for_each(|g| *g *= factor);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::clip_to_norm;

    #[test]
    fn only_long_gradients_are_scaled() {
        let mut short = [0.3_f32, -0.4];
        assert!((clip_to_norm(&mut short, 1.0) - 0.5).abs() < 1e-7);
        assert_eq!(short, [0.3, -0.4]);
        // The norm is 13, and 2.6 / 13.000001 = 0.2 up to 10⁻⁷.
        let mut long = [3.0_f64, 4.0, -12.0];
        assert_eq!(clip_to_norm(&mut long, 2.6), 13.0);
        for (found, unclipped) in long.iter().zip([3.0, 4.0, -12.0]) {
            assert!((found - unclipped * 2.6 / 13.000_001).abs() < 1e-15);
        }
        let mut zero = [0.0_f64; 2];
        assert_eq!(clip_to_norm(&mut zero, 1.0), 0.0);
        assert_eq!(zero, [0.0; 2]);
    }
}
