//! Coefficients below maxima.

use super::sums::Totals;
use crate::lane::{LANES, Lane};
use crate::relaxation::MaxLines;

/// The relative rounding of constants that are summed in `f64`, with room.
const CONSTANT_ROUNDING: f64 = 1e-9;

/// A maximum lies above its entry with the largest lower end, and below a constant.
pub(super) fn max_backward(lines: &MaxLines, feature: usize, from: Lane, to: &mut [Lane], totals: &mut Totals) {
    let Some(entry) = to.get_mut(lines.entry[feature] as usize) else { return };
    for row in 0..LANES {
        let a = from.0[row];
        if a >= 0.0 || lines.dominant[feature] {
            entry.0[row] += a;
        } else {
            let constant = f64::from(a) * f64::from(lines.top[feature]);
            totals.constant[row] += constant;
            totals.error[row] += CONSTANT_ROUNDING * constant.abs();
        }
    }
}
