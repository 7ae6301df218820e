//! Initial weights of the paper's network against Flax's.

use minima_autodiff::{Role, paper_cnn};
use std::path::PathBuf;

#[test]
fn are_those_of_flax() {
    let cnn = paper_cnn([28, 28, 1], 10).unwrap();
    for seed in [42, 0] {
        let name = format!("init_seed{seed}.safetensors");
        let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "../../tests/golden", &name].iter().collect();
        let expected: Vec<f32> = cnn.load(&path).unwrap();
        let found: Vec<f32> = cnn.init(seed);
        let mut equal = 0;
        for (f, e) in found.iter().zip(&expected) {
            // Weights are below one, so this is about ten units in the last place of the largest.
            assert!((f - e).abs() <= 1e-6, "seed {seed}: {f} against {e}");
            equal += usize::from(f == e);
        }
        // Few weights differ, in the last place. An error of order 1e-7 in a formula would change nearly all.
        assert!(equal * 100 > 98 * found.len(), "seed {seed}: {equal} of {} equal", found.len());
        let double: Vec<f64> = cnn.init(seed);
        assert!(double.iter().zip(&found).all(|(d, &f)| *d == f64::from(f)));
    }
}

#[test]
fn biases_are_zero_and_layers_differ() {
    let cnn = paper_cnn([28, 28, 1], 10).unwrap();
    let params: Vec<f64> = cnn.init(7);
    for spec in cnn.parameters() {
        let of = &params[spec.range.clone()];
        assert_eq!(spec.name, format!("{}.{}", spec.module, if spec.role == Role::Bias { "bias" } else { "kernel" }));
        if spec.role == Role::Bias {
            assert!(of.iter().all(|&p| p == 0.0), "{}", spec.name);
        } else {
            let variance = of.iter().map(|p| p * p).sum::<f64>() / of.len() as f64 * spec.fan_in as f64;
            // The mean square of n numbers is off by √(2/n) or less; the tolerance is three times that.
            let tolerance = 3.0 * (2.0 / of.len() as f64).sqrt();
            assert!((variance - 1.0).abs() < tolerance, "{}: {variance}", spec.name);
        }
    }
    let other: Vec<f64> = cnn.init(8);
    assert!(params.iter().zip(&other).all(|(a, b)| a != b || *a == 0.0));
}
