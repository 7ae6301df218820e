//! Curvature at images with small losses: products compared with diagonals and with double precision.

use minima_autodiff::Batch;
use minima_autodiff::{Graph, GraphBuilder, Scalar};
use minima_curvature::{Fisher, Ggn, GgnVariant, Hessian, LinearOperator, Objective};
use minima_linalg::symmetric_eigenvalues;
use ndarray::Array2;

const CLASSES: usize = 3;

/// A dense layer whose logits are the image times the margin.
fn network() -> Graph {
    let mut g = GraphBuilder::new(&[CLASSES]);
    let y = g.dense(g.input(), "Dense_0", CLASSES).unwrap();
    g.finish(y).unwrap()
}

fn parameters<T: Scalar>(graph: &Graph, margin: f64) -> Vec<T> {
    let mut params = vec![T::zero(); graph.parameter_count()];
    let kernel = params.len() - CLASSES * CLASSES;
    for c in 0..CLASSES {
        params[kernel + c * (CLASSES + 1)] = T::from_f64(margin);
    }
    params
}

/// The matrices for one image per class: Gauss-Newton, exact Fisher, empirical Fisher, Hessian, and the diagonal of the
/// first.
fn matrices<T: Scalar>(margin: f64) -> (Vec<Array2<f64>>, Vec<f64>) {
    let graph = network();
    let params = parameters::<T>(&graph, margin);
    let images = Array2::from_shape_fn((CLASSES, CLASSES), |(i, j)| if i == j { T::one() } else { T::zero() });
    let labels: Vec<usize> = (0..CLASSES).collect();
    let objective = Objective::of_batch(&graph, &params, Batch::new(images.view(), &labels).unwrap()).unwrap();
    let n = params.len();
    let dense = |operator: &dyn LinearOperator<T>| {
        let unit = Array2::from_shape_fn((n, n), |(i, j)| if i == j { T::one() } else { T::zero() });
        operator.apply_columns(unit.view()).unwrap().mapv(T::as_f64)
    };
    let ggn = Ggn::new(&objective, GgnVariant::Mean).unwrap();
    let diagonal = ggn.diagonal().unwrap();
    let diagonal = (0..n).map(|i| {
        let mut unit = vec![T::zero(); n];
        unit[i] = T::one();
        diagonal.apply(&unit).unwrap()[i].as_f64()
    });
    let all = vec![
        dense(&ggn),
        dense(&Fisher::exact(&objective).unwrap()),
        dense(&Fisher::empirical(&objective).unwrap()),
        dense(&Hessian::new(&objective)),
    ];
    (all, diagonal.collect())
}

fn norm(of: &Array2<f64>) -> f64 {
    of.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Ten thousand units of rounding are far more than the error of a sum of three numbers, and far less than the loss of
/// digits by a cancellation of `p` against 1.
#[test]
fn products_are_precise_however_well_images_are_fitted() {
    for margin in [5.0, 10.0, 14.0, 16.0, 18.0, 25.0, 40.0] {
        let (narrow, diagonal) = matrices::<f32>(margin);
        let (wide, wide_diagonal) = matrices::<f64>(margin);
        for (narrow, wide) in narrow.iter().zip(&wide) {
            let error = norm(&(narrow - wide)) / norm(wide);
            assert!(error < 5e-6, "margin {margin}: relative error {error:e}");
        }
        let trace = |matrix: &Array2<f64>| matrix.diag().sum();
        for (products, diagonal, precision) in [(&narrow[0], &diagonal, 5e-6), (&wide[0], &wide_diagonal, 1e-13)] {
            let expected: f64 = diagonal.iter().sum();
            assert!((trace(products) / expected - 1.0).abs() < precision, "margin {margin}: {products}");
        }
        // ∂²ℓ/∂z² of an image: p_y (1 − p_y) and p_c (1 − p_c), for three parameters each: bias and one weight.
        let p = (-margin).exp() / (1.0 + 2.0 * (-margin).exp());
        let expected = 2.0 * (2.0 * p * (1.0 - 2.0 * p) + 2.0 * p * (1.0 - p));
        assert!(
            (trace(&wide[0]) / expected - 1.0).abs() < 1e-12,
            "margin {margin}: {} and not {expected}",
            trace(&wide[0])
        );
        // Gauss-Newton and Fisher matrices are positive semidefinite.
        for matrix in narrow.iter().take(3) {
            let scaled = matrix / norm(matrix);
            let symmetric = (&scaled + &scaled.t()) / 2.0;
            let least = symmetric_eigenvalues(symmetric.view()).unwrap()[0];
            assert!(least > -5e-6, "margin {margin}: an eigenvalue of {least:e} of the norm");
        }
    }
}
