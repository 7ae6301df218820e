//! Initial weights of the paper's network against Flax's.

use minima_autodiff::{DenseSpec, GraphBuilder, Initializer, Role, paper_cnn};
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

/// The first numbers of a vision transformer's arrays in Flax 0.11.2 from seed 42.
#[test]
fn layers_within_modules_and_embeddings_are_those_of_flax() {
    let mut g = GraphBuilder::new(&[50, 128]);
    let class = g.embedding("cls_token", &[1, 1, 128], Initializer::Zeros).unwrap();
    let class = g.reshape(class, &[1, 128]).unwrap();
    let positions = g.embedding("pos_embedding", &[1, 50, 128], Initializer::Normal { deviation: 0.02 }).unwrap();
    let x = g.add(g.input(), positions).unwrap();
    let x = g.concat(&[x, class], 0).unwrap();
    let heads = DenseSpec { output_axes: vec![4, 32], ..DenseSpec::new(128) };
    let x = g.dense_on_last_axis(x, "transformer_block_0.attn.query", &heads).unwrap();
    let x = g.mean(x, &[0]).unwrap();
    let x = g.dense(x, "head", 10).unwrap();
    let graph = g.finish(x).unwrap();
    let params: Vec<f32> = graph.init(42);
    let golden = [
        ("cls_token", [0.0, 0.0, 0.0, 0.0]),
        ("pos_embedding", [-0.010_418_119, -0.020_990_435, -0.019_316_86, 0.035_751_82]),
        ("transformer_block_0.attn.query.kernel", [0.141_644_54, 0.108_491_58, 0.005_931_834, 0.117_772_84]),
        ("head.kernel", [0.093_308_39, -0.013_464_832, -0.147_282_59, 0.050_825_613]),
    ];
    for (name, expected) in golden {
        for (found, expected) in graph.view(&params, name).unwrap().iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-7_f32, "{name}: {found} against {expected}");
        }
    }
}
