//! Systems that cannot be solved: the error message, and that nothing is changed.

use minima_autodiff::{Graph, GraphBuilder};
use minima_linalg::{LinalgError, symmetric_eigenvalues};
use minima_optim::{Batch, GaussNewton, GgnVariant, Kfac, OptimError, Optimizer, SecondOrder, SolvePrecision};
use minima_rng::Key;
use ndarray::{Array1, Array2};

const IMAGES: usize = 6;
const CLASSES: usize = 3;

fn graph() -> Graph {
    let mut g = GraphBuilder::new(&[5]);
    let x = g.dense(g.input(), "Dense_0", CLASSES).unwrap();
    g.finish(x).unwrap()
}

fn images(scale: f64) -> Array2<f64> {
    let numbers = Key::new(3).normal(IMAGES * 5).into_iter().map(|x| scale * f64::from(x)).collect();
    Array2::from_shape_vec((IMAGES, 5), numbers).unwrap()
}

const LABELS: [usize; IMAGES] = [0, 1, 2, 2, 1, 0];

/// Computes the full matrix `Jᵀ (diag(p) − p pᵀ) J`.
fn published_matrix(graph: &Graph, params: &[f64], images: &Array2<f64>) -> Array2<f64> {
    let at = graph.linearize(params, images.view()).unwrap();
    let p = minima_autodiff::softmax_cross_entropy::softmax(at.logits());
    let mut scaled = Array2::zeros((params.len(), IMAGES * CLASSES));
    let mut along = Array1::zeros(params.len());
    for i in 0..IMAGES {
        for c in 0..CLASSES {
            let mut unit = Array2::zeros((IMAGES, CLASSES));
            unit[[i, c]] = 1.0;
            let row = Array1::from(at.vjp(unit.view()).unwrap());
            along.scaled_add(p[[i, c]], &row);
            scaled.column_mut(i * CLASSES + c).assign(&(row * p[[i, c]].sqrt()));
        }
    }
    let outer = along.view().insert_axis(ndarray::Axis(1)).dot(&along.view().insert_axis(ndarray::Axis(0)));
    scaled.dot(&scaled.t()) - outer
}

/// The damping that cancels the published matrix's one negative eigenvalue makes it singular.
#[test]
fn the_published_matrix_is_refused_where_it_is_singular() {
    let (graph, images) = (graph(), images(1.0));
    let params: Vec<f64> = graph.init(42);
    let smallest = symmetric_eigenvalues(published_matrix(&graph, &params, &images).view()).unwrap()[0];
    assert!(smallest < -1.0, "{smallest}");
    let batch = Batch::new(images.view(), &LABELS).unwrap();
    let exact = |damping: f64| {
        let optimizer = SecondOrder::gauss_newton(GgnVariant::Coupled).with_damping(damping);
        optimizer.direction(&graph, &params, &batch)
    };
    let plain = |damping: f64| {
        GaussNewton::new(GgnVariant::Coupled).with_damping(damping).direction::<f64, _>(&graph, &params, &batch)
    };
    for outcome in [exact(-smallest), plain(-smallest)] {
        let error = outcome.unwrap_err();
        let OptimError::Solve { source: LinalgError::SingularUpdate { .. }, enough: Some(enough), .. } = error else {
            panic!("{error}")
        };
        assert!((enough / -smallest - 10.0).abs() < 1e-12);
    }
    // On both sides of this damping there is a direction, with opposite signs along the eigenvector.
    for (below, above) in
        [(exact(-smallest * 0.999), exact(-smallest * 1.001)), (plain(-smallest * 0.999), plain(-smallest * 1.001))]
    {
        let ((_, below), (_, above)) = (below.unwrap(), above.unwrap());
        let along: f64 = below.iter().zip(&above).map(|(a, b)| a * b).sum();
        assert!(along < 0.0, "{along}");
    }
}

/// In single precision, a damping of 1e-9 is lost next to eigenvalues of 1e4.
#[test]
fn a_factorization_that_fails_says_which_damping_would_do() {
    let (graph, images) = (graph(), images(300.0).mapv(|x| x as f32));
    let params: Vec<f32> = vec![0.0; graph.parameter_count()];
    // All images are the same: a system of rank two.
    let images = Array2::from_shape_fn(images.dim(), |(_, j)| images[[0, j]]);
    let batch = Batch::new(images.view(), &LABELS).unwrap();
    let mut optimizer = GaussNewton::new(GgnVariant::Sum).with_damping(1e-9).with_precision(SolvePrecision::Network);
    let mut moved = params.clone();
    let error = Optimizer::<f32>::step(&mut optimizer, &graph, &mut moved, &batch).unwrap_err();
    assert_eq!(moved, params);
    let text = error.to_string();
    let OptimError::Solve { source: LinalgError::NotPositiveDefinite { .. }, enough: Some(enough), .. } = error else {
        panic!("{text}")
    };
    assert!(
        text.contains("not positive definite") && text.contains("a damping of") && text.contains("is large enough"),
        "{text}"
    );
    let mut optimizer = GaussNewton::new(GgnVariant::Sum).with_damping(enough).with_precision(SolvePrecision::Network);
    Optimizer::<f32>::step(&mut optimizer, &graph, &mut moved, &batch).unwrap();
    assert_ne!(moved, params);
}

#[test]
fn kronecker_factors_that_cannot_be_inverted_say_so_too() {
    let (graph, images) = (graph(), images(1e4).mapv(|x| x as f32));
    let images = Array2::from_shape_fn(images.dim(), |(_, j)| images[[0, j]]);
    let batch = Batch::new(images.view(), &LABELS).unwrap();
    let mut params: Vec<f32> = vec![0.0; graph.parameter_count()];
    let mut optimizer = Kfac::<f32>::new(0.1).with_damping(1e-14);
    let error = optimizer.step(&graph, &mut params, &batch).unwrap_err();
    let OptimError::Factors { enough: Some(enough), .. } = &error else { panic!("{error}") };
    let mut optimizer = Kfac::<f32>::new(0.1).with_damping(*enough);
    optimizer.step(&graph, &mut params, &batch).unwrap();
}
