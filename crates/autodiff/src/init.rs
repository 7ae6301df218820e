//! Initial weights, drawn as Flax draws them.

use crate::parameter_spec::Initializer;
use crate::{Graph, Scalar};
use minima_rng::{Key, lecun_normal};

impl Graph {
    /// Each array's initial numbers, by its [`Initializer`]. They are Flax's initial weights with JAX's generator if
    /// the layers have Flax's names (`Conv_0`, `Dense_0`, …). Nearly all agree to the last bit, and all to 10⁻⁶.
    #[must_use]
    pub fn init<T: Scalar>(&self, seed: u64) -> Vec<T> {
        let mut params = vec![T::zero(); self.parameter_count()];
        for spec in &self.parameters {
            let numbers = &mut params[spec.range.clone()];
            let key = || Key::for_parameter(seed, spec.module.split('.'), spec.draw);
            let drawn = match spec.initializer {
                Initializer::Zeros => continue,
                Initializer::Ones => {
                    numbers.fill(T::one());
                    continue;
                }
                Initializer::LecunNormal => lecun_normal(key(), numbers.len(), spec.fan_in),
                Initializer::Normal { deviation } => {
                    key().normal(numbers.len()).into_iter().map(|z| z * deviation).collect()
                }
            };
            for (p, w) in numbers.iter_mut().zip(drawn) {
                *p = T::from_f64(f64::from(w));
            }
        }
        params
    }
}
