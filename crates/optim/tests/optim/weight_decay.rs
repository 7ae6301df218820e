//! Weight decay by role, from the roles themselves.

use minima_autodiff::{Graph, GraphBuilder, Role, Scalar};
use minima_optim::{Adam, Sgd};

/// Kernels and embeddings, with zeros in place of biases, scales and shifts.
pub(crate) fn decayed<T: Scalar>(graph: &Graph, params: &[T]) -> Vec<T> {
    let mut decayed = vec![T::zero(); params.len()];
    for spec in graph.parameters() {
        if matches!(spec.role, Role::Kernel | Role::Embedding) {
            decayed[spec.range.clone()].copy_from_slice(&params[spec.range.clone()]);
        }
    }
    decayed
}

#[test]
fn weight_decay_shrinks_kernels_and_leaves_biases() {
    let mut g = GraphBuilder::new(&[4]);
    let x = g.dense(g.input(), "Dense_0", 5).unwrap();
    let x = g.relu(x);
    let y = g.dense(x, "Dense_1", 3).unwrap();
    let graph = g.finish(y).unwrap();
    let before: Vec<f64> = (0..graph.parameter_count()).map(|i| 1.0 + i as f64).collect();
    let (rate, decay) = (0.1, 0.5);
    let zero = vec![0.0; before.len()];
    let (mut sgd, mut momentum, mut adam) = (before.clone(), before.clone(), before.clone());
    Sgd::new(rate).with_weight_decay(decay).update(&graph, &mut sgd, &zero).unwrap();
    let mut with_momentum = Sgd::new(rate).with_weight_decay(decay).with_momentum(0.9).with_nesterov();
    with_momentum.update(&graph, &mut momentum, &zero).unwrap();
    Adam::new(rate).with_weight_decay(decay).update(&graph, &mut adam, &zero).unwrap();
    let decayed = decayed(&graph, &before);
    assert!(decayed.contains(&0.0));
    // Nesterov's first step along v = g is g + μ v.
    for (after, factor) in [(sgd, 1.0), (momentum, 1.9), (adam, 1.0)] {
        for ((after, before), decayed) in after.iter().zip(&before).zip(&decayed) {
            // A few roundings of numbers up to the number of parameters.
            assert!((after - (before - factor * rate * decay * decayed)).abs() < 1e-15 * before.abs() * 4.0);
        }
    }
}
