//! Gauss-Newton in function space, compared with the full matrix of each variant, built directly from the Jacobian.

use minima_autodiff::softmax_cross_entropy::{mean_gradient, softmax};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder};
use minima_linalg::solve_general;
use minima_optim::{Batch, GaussNewton, GgnVariant};
use minima_rng::Key;
use minima_tests::golden::relative_error;
use ndarray::{Array1, Array2, Axis};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const DAMPING: f64 = 0.01;

/// A residual block between a convolution and two dense layers: 155 parameters, four classes.
fn network() -> Result<Graph, minima_autodiff::AutodiffError> {
    let mut g = GraphBuilder::new(&[5, 4, 2]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 2))?;
    let y = g.relu(x);
    let y = g.conv2d(y, "Conv_1", Conv2dSpec::same(3, 1))?;
    let y = g.add(x, y)?;
    let y = g.max_pool2d(y, [2, 2], [2, 2])?;
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 6)?;
    let y = g.relu(y);
    let y = g.dense(y, "Dense_1", 4)?;
    g.finish(y)
}

fn normal(seed: u64, n: usize) -> Vec<f64> {
    Key::new(seed).normal(n).into_iter().map(f64::from).collect()
}

/// `A⁻¹ g` with the P × P matrix `A` of a variant. Each entry of `A` is a sum over pairs of logits.
fn dense_direction(
    variant: GgnVariant,
    graph: &Graph,
    params: &[f64],
    images: &Array2<f64>,
    labels: &[usize],
) -> Result<Vec<f64>, Box<dyn std::error::Error>> {
    let at = graph.linearize(params, images.view())?;
    let (batch, classes, count) = (labels.len(), graph.classes(), params.len());
    let p = softmax(at.logits());
    // Row i · C + c: the logits of an image are adjacent, unlike in the library.
    let by_class = at.jacobian()?;
    let jacobian =
        Array2::from_shape_fn((batch * classes, count), |(row, j)| by_class[[row % classes, row / classes, j]]);
    let hessian = Array2::from_shape_fn((batch * classes, batch * classes), |(a, b)| {
        let (of_a, of_b) = (p[[a / classes, a % classes]], p[[b / classes, b % classes]]);
        let diagonal = if a == b { of_a } else { 0.0 };
        let coupled = variant == GgnVariant::Coupled || a / classes == b / classes;
        let weight = if variant == GgnVariant::Mean { 1.0 / batch as f64 } else { 1.0 };
        weight * if coupled { diagonal - of_a * of_b } else { 0.0 }
    });
    let curvature = jacobian.t().dot(&hessian).dot(&jacobian) + Array2::<f64>::eye(count) * DAMPING;
    let residual = mean_gradient(at.logits(), labels)?;
    let gradient: Array1<f64> = jacobian.t().dot(&Array1::from_iter(residual.iter().copied()));
    let solved = solve_general(curvature, gradient.insert_axis(Axis(1)).view())?;
    Ok(solved.column(0).to_vec())
}

fn check(what: &str, graph: &Graph, params: &[f64], size: usize) -> Outcome {
    let images = Array2::from_shape_vec((size, graph.features()), normal(3, size * graph.features()))?;
    let labels: Vec<usize> = (0..size).map(|i| (i * 7 + 1) % 4).collect();
    let batch = Batch::new(images.view(), &labels)?;
    for variant in [GgnVariant::Coupled, GgnVariant::Sum, GgnVariant::Mean] {
        let expected = dense_direction(variant, graph, params, &images, &labels)?;
        let optimizer = GaussNewton::new(variant).with_damping(DAMPING);
        let (_, direction) = optimizer.direction(graph, &params.to_vec(), &batch)?;
        let error = relative_error(&direction, &expected);
        println!("{what}, {variant:?}, {size} images: {error:.1e} (tolerance 1e-9)");
        // The condition number is up to 1e6 (the largest eigenvalue over the damping). Rounding is 1e-16, some 100 times.
        assert!(error < 1e-9, "{what}, {variant:?}, {size} images: {error:e}");
    }
    Ok(())
}

#[test]
fn directions_are_those_of_the_full_matrices() -> Outcome {
    let graph = network()?;
    let params: Vec<f64> = graph.init::<f64>(1).iter().zip(normal(2, 1000)).map(|(p, z)| p + 0.2 * z).collect();
    for size in [1, 15, 17] {
        check("ordinary", &graph, &params, size)?;
    }
    Ok(())
}

#[test]
fn directions_where_probabilities_are_nearly_zero_and_one() -> Outcome {
    let graph = network()?;
    let mut params: Vec<f64> = graph.init::<f64>(1).iter().zip(normal(2, 1000)).map(|(p, z)| p + 0.2 * z).collect();
    for spec in graph.parameters().iter().filter(|p| p.module == "Dense_1") {
        params[spec.range.clone()].iter_mut().for_each(|p| *p *= 2.4);
    }
    let images = Array2::from_shape_vec((17, graph.features()), normal(3, 17 * graph.features()))?;
    let p = softmax(graph.logits(&params, images.view())?.view());
    let least = p.iter().copied().fold(1.0, f64::min);
    println!("least probability {least:.1e}");
    assert!((1e-14..1e-11).contains(&least), "{least:e}: not the case that is meant");
    for size in [1, 17] {
        check("nearly certain", &graph, &params, size)?;
    }
    Ok(())
}
