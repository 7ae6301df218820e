//! Initial weights, drawn as Flax draws them.

use crate::parameter_spec::Role;
use crate::{Graph, Scalar};
use minima_rng::{Key, lecun_normal};

impl Graph {
    /// LeCun-normal kernels (truncated at ±2) and zero biases. They are Flax's initial weights with JAX's generator if
    /// the layers have Flax's names (`Conv_0`, `Dense_0`, …). Nearly all agree to the last bit, and all to 10⁻⁶.
    ///
    /// Source: LeCun, Bottou, Orr & Müller, "Efficient BackProp", 1998.
    #[must_use]
    pub fn init<T: Scalar>(&self, seed: u64) -> Vec<T> {
        let mut params = vec![T::zero(); self.parameter_count()];
        for spec in &self.parameters {
            match spec.role {
                Role::Bias => {}
                Role::Kernel => {
                    let drawn = lecun_normal(Key::for_module(seed, &spec.module), spec.range.len(), spec.fan_in);
                    for (p, w) in params[spec.range.clone()].iter_mut().zip(drawn) {
                        *p = T::from_f64(f64::from(w));
                    }
                }
            }
        }
        params
    }
}
