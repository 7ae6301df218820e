//! Gauss-Newton with rounded products, compared with the full matrix.

use minima_autodiff::softmax_cross_entropy::{mean_gradient, softmax};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder};
use minima_linalg::{matmul, solve_general};
use minima_optim::{Arithmetic, Batch, EmulatedGaussNewton, GaussNewton, GgnVariant, OptimError};
use ndarray::{Array1, Array2, Axis};

const VARIANTS: [GgnVariant; 3] = [GgnVariant::Coupled, GgnVariant::Sum, GgnVariant::Mean];
const IMAGES: usize = 9;
const CLASSES: usize = 3;
const DAMPING: f64 = 0.1;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Irregular numbers between −1 and 1.
fn scattered(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * i * 31 + i * 17 + 5) % 199) as f32 / 99.5 - 1.0).collect()
}

/// A convolution and two dense layers. The first dense layer has more parameters than a strip has columns.
struct Problem {
    graph: Graph,
    params: Vec<f32>,
    images: Array2<f32>,
    labels: Vec<usize>,
}

impl Problem {
    fn new() -> Outcome<Self> {
        let mut g = GraphBuilder::new(&[5, 4, 2]);
        let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(3, 3))?;
        let x = g.relu(x);
        let x = g.flatten(x);
        let x = g.dense(x, "Dense_0", 9)?;
        let x = g.relu(x);
        let x = g.dense(x, "Dense_1", CLASSES)?;
        let graph = g.finish(x)?;
        let count = graph.parameter_count();
        assert_eq!(count, 57 + 549 + 30);
        Ok(Self {
            graph,
            params: scattered(count).iter().map(|x| 0.3 * x).collect(),
            images: Array2::from_shape_vec((IMAGES, 40), scattered(IMAGES * 40))?,
            labels: (0..IMAGES).map(|i| i % CLASSES).collect(),
        })
    }

    /// Computes `A⁻¹ g` from the full matrix of rounded products.
    fn dense_direction(&self, variant: GgnVariant, arithmetic: Arithmetic) -> Outcome<Array1<f64>> {
        let at = self.graph.linearize(&self.params, self.images.view())?;
        let (by_class, p) = (at.jacobian()?, softmax(at.logits()));
        let (rows, count) = (IMAGES * CLASSES, self.params.len());
        let place = |row: usize| (row % IMAGES, row / IMAGES);
        let jacobian = Array2::from_shape_fn((rows, count), |(row, j)| {
            let (i, c) = place(row);
            arithmetic.round(by_class[[c, i, j]])
        });
        let hessian = Array2::from_shape_fn((rows, rows), |(a, b)| {
            if variant != GgnVariant::Coupled && place(a).0 != place(b).0 {
                return 0.0;
            }
            let diagonal = if a == b { p[place(a)] } else { 0.0 };
            arithmetic.round(diagonal - p[place(a)] * p[place(b)])
        });
        // Uses the same sums in single precision: other sums could round an entry to a different neighbour.
        let mut left = Array2::zeros((count, rows));
        matmul(1.0, jacobian.t(), hessian.view(), 0.0, left.view_mut())?;
        let left = left.mapv(|x| f64::from(arithmetic.round(x)));
        let scale = if variant == GgnVariant::Mean { 1.0 / IMAGES as f64 } else { 1.0 };
        let curvature = scale * left.dot(&jacobian.mapv(f64::from)) + Array2::<f64>::eye(count) * DAMPING;
        let residual = mean_gradient(at.logits(), &self.labels)?;
        let gradient = Array1::from(at.vjp(residual.view())?).mapv(f64::from);
        Ok(solve_general(curvature, gradient.insert_axis(Axis(1)).view())?.into_flat())
    }

    fn direction(&self, optimizer: &EmulatedGaussNewton) -> Outcome<Vec<f32>> {
        let batch = Batch::new(self.images.view(), &self.labels)?;
        Ok(optimizer.with_damping(DAMPING).direction(&self.graph, &self.params, &batch)?.1)
    }
}

fn relative_error(found: &[f32], expected: &Array1<f64>) -> f64 {
    let apart: f64 = found.iter().zip(expected).map(|(&d, e)| (f64::from(d) - e).powi(2)).sum();
    (apart / expected.dot(expected)).sqrt()
}

#[test]
fn the_direction_is_that_of_the_full_matrix() -> Outcome {
    let problem = Problem::new()?;
    for variant in VARIANTS {
        for arithmetic in [Arithmetic::F32, Arithmetic::Tf32, Arithmetic::Bf16] {
            let expected = problem.dense_direction(variant, arithmetic)?;
            let optimizer = EmulatedGaussNewton::new(variant, arithmetic);
            for optimizer in [optimizer, optimizer.in_natural_order()] {
                let error = relative_error(&problem.direction(&optimizer)?, &expected);
                // The direction is finally rounded to single precision, by at most 2⁻²⁴. Earlier errors are in double
                // precision, 1e-16 times a condition number below 1e4. Without rounding of the factors, entries of L
                // differ in their last bit by the order of their sums.
                let tolerance = if arithmetic == Arithmetic::F32 { 1e-6 } else { 2.0_f64.powi(-24) + 1e-10 };
                assert!(error < tolerance, "{variant:?} {arithmetic:?}: {error:e}");
            }
        }
    }
    Ok(())
}

#[test]
fn fewer_bits_are_further_from_the_exact_direction() -> Outcome {
    let problem = Problem::new()?;
    let batch = Batch::new(problem.images.view(), &problem.labels)?;
    for variant in VARIANTS {
        let exact = GaussNewton::new(variant).with_damping(DAMPING);
        let exact: Vec<f32> = exact.direction(&problem.graph, &problem.params, &batch)?.1;
        let exact = Array1::from(exact).mapv(f64::from);
        let error = |arithmetic| -> Outcome<f64> {
            Ok(relative_error(&problem.direction(&EmulatedGaussNewton::new(variant, arithmetic))?, &exact))
        };
        let (f32, tf32, bf16) = (error(Arithmetic::F32)?, error(Arithmetic::Tf32)?, error(Arithmetic::Bf16)?);
        println!("{variant:?}: f32 {f32:.1e}, TF32 {tf32:.1e}, bf16 {bf16:.1e}");
        // TF32 has thirteen fewer bits than single precision, and bfloat16 three fewer than TF32.
        assert!(tf32 > 100.0 * f32 && bf16 > 2.0 * tf32, "{variant:?}: {f32:e} {tf32:e} {bf16:e}");
    }
    Ok(())
}

#[test]
fn a_system_that_is_no_number_says_in_which_arithmetic() -> Outcome {
    let problem = Problem::new()?;
    // Logits of 1e30 have no derivatives in single precision.
    let params: Vec<f32> = problem.params.iter().map(|x| 1e15 * x).collect();
    let batch = Batch::new(problem.images.view(), &problem.labels)?;
    let found = EmulatedGaussNewton::new(GgnVariant::Mean, Arithmetic::Bf16).direction(&problem.graph, &params, &batch);
    match found {
        Err(error @ OptimError::EmulatedSolve { .. }) => assert!(error.to_string().contains("bf16"), "{error}"),
        other => panic!("{other:?}"),
    }
    Ok(())
}
