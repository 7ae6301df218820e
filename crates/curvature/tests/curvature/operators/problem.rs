//! Small networks with data, and their dense curvature.

use minima_autodiff::softmax_cross_entropy::softmax;
use minima_autodiff::{Batch, Conv2dSpec, Graph, GraphBuilder};
use minima_curvature::{CurvatureError, LinearOperator, Objective};
use minima_rng::Key;
use ndarray::{Array2, ArrayView2};

/// A full block of 16 images and a partly filled one.
pub(crate) const IMAGES: usize = 19;

/// The difference between two computations in double precision: sums of at most a few thousand terms, each rounded at
/// 1e-16.
pub(crate) const ROUNDING: f64 = 1e-12;

pub(crate) struct Problem {
    pub graph: Graph,
    pub params: Vec<f64>,
    pub images: Array2<f64>,
    pub labels: Vec<usize>,
}

/// A network with convolutions, ReLU, average pools and a dense layer; and one with a residual sum, a maximum pool and
/// two dense layers.
pub(crate) fn problems() -> [Problem; 2] {
    let mut g = GraphBuilder::new(&[4, 4, 1]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(2, 3)).unwrap();
    let x = g.relu(x);
    let x = g.avg_pool2d(x, [2, 2], [2, 2]).unwrap();
    let x = g.conv2d(x, "Conv_1", Conv2dSpec::same(3, 3)).unwrap();
    let x = g.relu(x);
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_0", 3).unwrap();
    let plain = g.finish(x).unwrap();

    let mut g = GraphBuilder::new(&[4, 4, 2]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(2, 3)).unwrap();
    let y = g.relu(x);
    let y = g.conv2d(y, "Conv_1", Conv2dSpec::same(2, 3)).unwrap();
    let y = g.add(x, y).unwrap();
    let y = g.max_pool2d(y, [2, 2], [2, 2]).unwrap();
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 4).unwrap();
    let y = g.relu(y);
    let y = g.dense(y, "Dense_1", 3).unwrap();
    let residual = g.finish(y).unwrap();
    [plain, residual].map(Problem::new)
}

pub(crate) fn normal(seed: u64, count: usize) -> Vec<f64> {
    Key::new(seed).normal(count).into_iter().map(f64::from).collect()
}

pub(crate) fn matrix(seed: u64, rows: usize, columns: usize) -> Array2<f64> {
    Array2::from_shape_vec((rows, columns), normal(seed, rows * columns)).unwrap()
}

impl Problem {
    fn new(graph: Graph) -> Self {
        // No bias is zero, so a missing bias is detected.
        let params: Vec<f64> = graph.init::<f64>(1).iter().zip(normal(2, 1000)).map(|(p, x)| p + 0.1 * x).collect();
        let images = matrix(3, IMAGES, graph.features());
        Self { graph, params, images, labels: (0..IMAGES).map(|i| (i * 7 + 1) % 3).collect() }
    }

    pub(crate) fn objective(&self) -> Objective<'_, f64> {
        let batch = Batch::new(self.images.view(), &self.labels).unwrap();
        Objective::of_batch(&self.graph, &self.params, batch).unwrap()
    }

    pub(crate) fn in_batches(&self, size: usize) -> Objective<'_, f64> {
        Objective::of_dataset(&self.graph, &self.params, self.images.view(), &self.labels, size).unwrap()
    }

    /// `J`, row `image · classes + class`.
    pub(crate) fn jacobian(&self) -> Array2<f64> {
        let at = self.graph.linearize(&self.params, self.images.view()).unwrap();
        let by_class = at.jacobian().unwrap();
        let (classes, images, count) = by_class.dim();
        Array2::from_shape_fn((images * classes, count), |(row, j)| by_class[[row % classes, row / classes, j]])
    }

    /// The softmax probabilities.
    pub(crate) fn probabilities(&self) -> Array2<f64> {
        softmax(self.graph.logits(&self.params, self.images.view()).unwrap().view())
    }

    /// `(1/N) Σᵢ gᵢ gᵢᵀ`, with the given label for every image.
    pub(crate) fn outer_products(&self, labels: &[usize]) -> Array2<f64> {
        let at = self.graph.linearize(&self.params, self.images.view()).unwrap();
        let mut residuals = self.probabilities();
        for (mut row, &label) in residuals.outer_iter_mut().zip(labels) {
            row[label] -= 1.0;
        }
        let gradients = at.per_sample_gradients(residuals.view()).unwrap();
        gradients.t().dot(&gradients) / labels.len() as f64
    }
}

/// `‖found − expected‖ / ‖expected‖` of two matrices.
pub(crate) fn apart(found: ArrayView2<'_, f64>, expected: ArrayView2<'_, f64>) -> f64 {
    let norm = |a: &Array2<f64>| a.iter().map(|x| x * x).sum::<f64>().sqrt();
    norm(&(&found - &expected)) / norm(&expected.to_owned())
}

/// Checks that the operator's dense matrix is `expected`, and so are its products with one vector and with many.
#[track_caller]
pub(crate) fn assert_is(what: &str, operator: &dyn LinearOperator<f64>, expected: &Array2<f64>, tolerance: f64) {
    assert_eq!(operator.shape(), [expected.nrows(), expected.ncols()], "{what}");
    let error = apart(operator.to_dense().unwrap().view(), expected.view());
    assert!(error < tolerance, "{what}: relative error {error:e}");
    let v = matrix(9, expected.ncols(), 3);
    let many = operator.apply_columns(v.view()).unwrap();
    let error = apart(many.view(), expected.dot(&v).view());
    assert!(error < tolerance, "{what}, three columns: relative error {error:e}");
    for (v, many) in v.columns().into_iter().zip(many.columns()) {
        let one = operator.apply(&v.to_vec()).unwrap();
        let (one, many) = (Array2::from_shape_vec((one.len(), 1), one).unwrap(), many.insert_axis(ndarray::Axis(1)));
        let error = apart(one.view(), many);
        assert!(error < ROUNDING, "{what}, one column: relative error {error:e}");
    }
    let short = vec![0.0; expected.ncols() - 1];
    assert!(matches!(operator.apply(&short), Err(CurvatureError::Size { .. })), "{what}: a short vector");
}
