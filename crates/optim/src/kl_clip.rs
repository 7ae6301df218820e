//! KL clipping: a bound on the change of the network's outputs per step.

/// The factor of a direction `d = F⁻¹ g` with slope dᵀg: `ν = min(1, √(κ / (η² dᵀg)))`. It bounds the step's `dᵀ F d`
/// by κ, which is about twice the Kullback-Leibler divergence between the outputs after and before the step (Ba, Grosse
/// & Martens 2017, section 5).
pub(crate) fn kl_clip(kappa: f64, learning_rate: f64, slope: f64) -> f64 {
    let of_step = learning_rate * learning_rate * slope;
    if of_step > kappa { (kappa / of_step).sqrt() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::kl_clip;

    #[test]
    fn only_long_steps_are_shortened_and_to_the_limit() {
        // η² dᵀg = 0.25 · 8 = 2.
        let scale = |kappa| kl_clip(kappa, 0.5, 8.0);
        assert_eq!((scale(2.0), scale(3.0)), (1.0, 1.0));
        assert!((scale(0.5) - 0.5).abs() < 1e-15 && (scale(0.02) - 0.1).abs() < 1e-15);
        assert_eq!(kl_clip(0.001, 0.5, 0.0), 1.0);
    }
}
