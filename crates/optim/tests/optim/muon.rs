//! Muon against PyTorch, and the parameters that it leaves to another optimizer.

use minima_autodiff::{DenseSpec, Graph, GraphBuilder, StepReport};
use minima_optim::{Adam, GradientOptimizer, Muon, OptimError, Sgd};

/// A hidden kernel `(inputs, outputs)` without bias, and a last layer with two outputs.
fn graph(inputs: usize, outputs: usize) -> Graph {
    let mut g = GraphBuilder::new(&[inputs]);
    let hidden = DenseSpec { bias: false, ..DenseSpec::new(outputs) };
    let x = g.dense_on_last_axis(g.input(), "Dense_0", &hidden).unwrap();
    let y = g.dense_on_last_axis(x, "Dense_1", &DenseSpec::new(2)).unwrap();
    g.finish(y).unwrap()
}

/// The hidden kernel after three steps on `Σ c θ² / 2`; the gradient of all other parameters is 1.
fn follow(
    inputs: usize,
    outputs: usize,
    mut muon: Muon<impl minima_optim::FirstOrderRule<f64> + Send + Sync, f64>,
) -> Vec<f64> {
    let graph = graph(inputs, outputs);
    let (start, factors) = ([1.0, -2.0, 0.5, 0.25, 3.0, -1.0], [1.0, 0.5, 2.0, 0.25, 1.5, 1.0]);
    // A kernel (3, 2) is the transpose of the kernel (2, 3).
    let at = |of: [f64; 6], i: usize| if inputs == 2 { of[i] } else { of[3 * (i % 2) + i / 2] };
    let mut params = vec![0.0; graph.parameter_count()];
    (0..6).for_each(|i| params[i] = at(start, i));
    for _ in 0..3 {
        let step = muon.step_with(&graph, &mut params, &|p| {
            let of = |(i, p): (usize, &f64)| if i < 6 { at(factors, i) * p } else { 1.0 };
            Ok((StepReport { loss: 0.0, correct: 0 }, p.iter().enumerate().map(of).collect()))
        });
        step.unwrap();
    }
    params
}

fn assert_near(found: &[f64], expected: &[f64]) {
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-13, "{found}, expected {expected}");
    }
}

/// Expected values: PyTorch 2.15.0, `torch.optim.Muon([w], lr=0.1, weight_decay=δ, momentum=μ)`, in float64, and with its
/// `bfloat16` replaced by `float64`. Its matrices `(out, in)` are transposed to `(in, out)`.
#[test]
fn hidden_kernels_follow_pytorch() {
    let muon = || Muon::new(0.1, Sgd::new(0.5));
    let wide = [
        0.7842091071111186,
        -1.9780828821087744,
        0.33845145230839685,
        0.20231767961611363,
        2.7353220136184686,
        -0.9722921375341733,
    ];
    assert_near(&follow(2, 3, muon())[..6], &wide);
    let tall = [
        0.8237822931183416,
        0.21112254962755184,
        -1.9824609525842103,
        2.783592047238021,
        0.3667423738797021,
        -0.9776778115804092,
    ];
    assert_near(&follow(3, 2, muon())[..6], &tall);
    let decayed = || muon().with_weight_decay(0.1).with_momentum(0.5);
    let wide = [
        0.7585609715169901,
        -1.9177181250492357,
        0.3293966782781991,
        0.19574894438819893,
        2.649630662803115,
        -0.9418750337156578,
    ];
    assert_near(&follow(2, 3, decayed())[..6], &wide);
    let tall = [
        0.7962805454798927,
        0.20411435821559187,
        -1.9226225931242231,
        2.697112929828414,
        0.3554765254665991,
        -0.9476840897011211,
    ];
    assert_near(&follow(3, 2, decayed())[..6], &tall);
}

#[test]
fn all_other_parameters_follow_the_other_optimizer() {
    // Three steps of SGD along 1 with η = 0.5.
    assert_near(&follow(2, 3, Muon::new(0.1, Sgd::new(0.5)))[6..], &[-1.5; 8]);
    // Three steps of Adam along 1 with η = 0.1 and ε = 0.25: each is −0.1 / 1.25.
    assert_near(&follow(2, 3, Muon::new(0.1, Adam::new(0.1).with_epsilon(0.25)))[6..], &[-0.24; 8]);
    // Weight decay applies to the last kernel, not to its bias: θ ← 0.95 θ − 0.1.
    let found = follow(2, 3, Muon::new(0.1, Sgd::new(0.1).with_weight_decay(0.5)));
    assert_near(&found[6..8], &[-0.3; 2]);
    assert_near(&found[8..], &[-0.1 * (1.0 + 0.95 + 0.9025); 6]);
}

#[test]
fn a_gradient_of_another_network_is_refused() {
    let (graph, mut muon) = (graph(2, 3), Muon::new(0.1, Sgd::<f64>::new(0.1)));
    let mut params = vec![1.0; graph.parameter_count()];
    let step = muon.step_with(&graph, &mut params, &|_| Ok((StepReport { loss: 0.0, correct: 0 }, vec![1.0; 3])));
    assert!(matches!(step, Err(OptimError::Autodiff(_))), "{step:?}");
    assert_eq!(params, vec![1.0; graph.parameter_count()]);
}
