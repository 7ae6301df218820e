//! Initial weights.

use crate::key::Key;

/// The standard deviation of a standard normal truncated at ±2.
const TRUNCATED_DEVIATION: f32 = 0.879_625_7;

/// `len` LeCun-normal weights for a layer with `fan_in` inputs per output, as drawn by Flax's default initialiser.
///
/// Normal numbers truncated at ±2 and scaled to variance `1 / fan_in`, in the row-major order of the kernel (HWIO for a
/// convolution, (in, out) for a dense layer). A `fan_in` of zero counts as one.
///
/// Source: LeCun, Bottou, Orr & Müller, "Efficient BackProp", 1998.
#[must_use]
pub fn lecun_normal(key: Key, len: usize, fan_in: usize) -> Vec<f32> {
    let variance = (1.0 / fan_in.max(1) as f64) as f32;
    let deviation = variance.sqrt() / TRUNCATED_DEVIATION;
    key.truncated_normal(len, -2.0, 2.0).into_iter().map(|z| z * deviation).collect()
}
