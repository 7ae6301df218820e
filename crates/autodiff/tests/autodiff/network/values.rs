//! Operations on whole values: products, sums over axes, other shapes and orders, and parameters as values.

use super::agreement::assert_close;
use super::derivatives::{self, BATCHES, rows};
use super::{draw, moments};
use minima_autodiff::{AutodiffError, DenseSpec, Graph, GraphBuilder, Initializer, Role, Structure, Value};
use ndarray::{Array1, Array2, ArrayD, ArrayView1, Axis, IxDyn, Slice};

/// Builds an operation on values of these shapes.
type Build = fn(&mut GraphBuilder, &[Value]) -> Result<Value, AutodiffError>;
/// The operation on arrays.
type Direct = fn(&[ArrayD<f64>]) -> ArrayD<f64>;

struct Case {
    what: &'static str,
    shapes: &'static [&'static [usize]],
    build: Build,
    direct: Direct,
}

fn permuted(x: &ArrayD<f64>, axes: &[usize]) -> ArrayD<f64> {
    x.clone().permuted_axes(IxDyn(axes)).as_standard_layout().into_owned()
}

/// The sum over axes, last to first so that the earlier axes keep their numbers.
fn summed(x: &ArrayD<f64>, axes: &[usize]) -> ArrayD<f64> {
    axes.iter().rev().fold(x.clone(), |sum, &axis| sum.sum_axis(Axis(axis)))
}

fn sliced(x: &ArrayD<f64>, axis: usize, range: std::ops::Range<usize>) -> ArrayD<f64> {
    x.slice_axis(Axis(axis), Slice::from(range)).to_owned()
}

/// Entry by entry, over the last two axes.
fn matmul(a: &ArrayD<f64>, b: &ArrayD<f64>, scale: f64) -> ArrayD<f64> {
    let (d, inner) = (a.ndim(), a.shape()[a.ndim() - 1]);
    let mut shape = a.shape().to_vec();
    shape[d - 1] = b.shape()[d - 1];
    ArrayD::from_shape_fn(IxDyn(&shape), |index| {
        let index: Vec<usize> = (0..d).map(|k| index[k]).collect();
        let (mut left, mut right) = (index.clone(), index);
        let terms = (0..inner).map(|k| {
            left[d - 1] = k;
            right[d - 2] = k;
            a[&left[..]] * b[&right[..]]
        });
        scale * terms.sum::<f64>()
    })
}

/// Odd shapes, shapes with axes of one entry, and shapes that fill the tiles of the products.
const CASES: [Case; 17] = [
    Case {
        what: "multiply",
        shapes: &[&[3, 5], &[3, 5]],
        build: |g, x| g.multiply(x[0], x[1]),
        direct: |x| &x[0] * &x[1],
    },
    Case {
        what: "multiply of one number",
        shapes: &[&[1], &[1]],
        build: |g, x| g.multiply(x[0], x[1]),
        direct: |x| &x[0] * &x[1],
    },
    Case { what: "square", shapes: &[&[7]], build: |g, x| g.multiply(x[0], x[0]), direct: |x| &x[0] * &x[0] },
    Case {
        what: "matmul 3 x 5 x 2",
        shapes: &[&[3, 5], &[5, 2]],
        build: |g, x| g.matmul(x[0], x[1], 1.0),
        direct: |x| matmul(&x[0], &x[1], 1.0),
    },
    Case {
        what: "matmul in a batch",
        shapes: &[&[2, 4, 3], &[2, 3, 5]],
        build: |g, x| g.matmul(x[0], x[1], -0.3),
        direct: |x| matmul(&x[0], &x[1], -0.3),
    },
    Case {
        what: "matmul of single numbers",
        shapes: &[&[1, 1], &[1, 1]],
        build: |g, x| g.matmul(x[0], x[1], 2.0),
        direct: |x| matmul(&x[0], &x[1], 2.0),
    },
    Case {
        what: "matmul in two leading axes",
        shapes: &[&[2, 1, 4, 2], &[2, 1, 2, 8]],
        build: |g, x| g.matmul(x[0], x[1], 0.5),
        direct: |x| matmul(&x[0], &x[1], 0.5),
    },
    Case {
        what: "square of a matrix",
        shapes: &[&[3, 3]],
        build: |g, x| g.matmul(x[0], x[0], 1.0),
        direct: |x| matmul(&x[0], &x[0], 1.0),
    },
    Case {
        what: "sum over the middle",
        shapes: &[&[3, 4, 2]],
        build: |g, x| g.sum(x[0], &[1]),
        direct: |x| summed(&x[0], &[1]),
    },
    Case {
        what: "mean over both ends",
        shapes: &[&[3, 4, 2]],
        build: |g, x| g.mean(x[0], &[2, 0]),
        direct: |x| summed(&x[0], &[0, 2]) / 6.0,
    },
    Case {
        what: "mean over everything",
        shapes: &[&[5, 1]],
        build: |g, x| g.mean(x[0], &[0, 1]),
        direct: |x| summed(&x[0], &[0, 1]) / 5.0,
    },
    Case {
        what: "global average",
        shapes: &[&[3, 5, 2]],
        build: |g, x| g.global_avg_pool(x[0]),
        direct: |x| summed(&x[0], &[0, 1]) / 15.0,
    },
    Case {
        what: "transpose",
        shapes: &[&[2, 3, 4]],
        build: |g, x| g.transpose(x[0], &[2, 0, 1]),
        direct: |x| permuted(&x[0], &[2, 0, 1]),
    },
    Case {
        what: "slice",
        shapes: &[&[2, 5, 3]],
        build: |g, x| g.slice(x[0], 1, 1..4),
        direct: |x| sliced(&x[0], 1, 1..4),
    },
    Case {
        what: "slice of the last axis",
        shapes: &[&[4, 3]],
        build: |g, x| g.slice(x[0], 1, 2..3),
        direct: |x| sliced(&x[0], 1, 2..3),
    },
    Case {
        what: "concat of three",
        shapes: &[&[2, 1, 3], &[2, 4, 3], &[2, 2, 3]],
        build: |g, x| g.concat(&[x[2], x[0], x[1]], 1),
        direct: |x| ndarray::concatenate(Axis(1), &[x[2].view(), x[0].view(), x[1].view()]).unwrap(),
    },
    Case {
        what: "concat of a value with itself",
        shapes: &[&[2, 3]],
        build: |g, x| g.concat(&[x[0], x[0]], 0),
        direct: |x| ndarray::concatenate(Axis(0), &[x[0].view(), x[0].view()]).unwrap(),
    },
];

impl Case {
    fn sizes(&self) -> Vec<usize> {
        self.shapes.iter().map(|shape| shape.iter().product()).collect()
    }

    /// The operation on consecutive parts of a vector.
    fn on_parts(&self, g: &mut GraphBuilder, x: Value) -> Value {
        let mut start = 0;
        let mut values = Vec::new();
        for (shape, size) in self.shapes.iter().zip(self.sizes()) {
            let part = g.slice(x, 0, start..start + size).unwrap();
            values.push(g.reshape(part, shape).unwrap());
            start += size;
        }
        let y = (self.build)(g, &values).unwrap();
        g.flatten(y)
    }

    fn directly(&self, image: ArrayView1<'_, f64>) -> Array1<f64> {
        let mut start = 0;
        let mut values = Vec::new();
        for (shape, size) in self.shapes.iter().zip(self.sizes()) {
            let part = image.slice_axis(Axis(0), Slice::from(start..start + size)).to_vec();
            values.push(ArrayD::from_shape_vec(IxDyn(shape), part).unwrap());
            start += size;
        }
        (self.direct)(&values).iter().copied().collect()
    }
}

#[test]
fn values_are_those_of_direct_loops() {
    for case in &CASES {
        let inputs: usize = case.sizes().iter().sum();
        let mut g = GraphBuilder::new(&[inputs]);
        let x = g.input();
        let y = case.on_parts(&mut g, x);
        let graph = g.finish(y).unwrap();
        let images = draw::matrix(2, (33, inputs));
        let expected: Vec<Array1<f64>> = images.outer_iter().map(|x| case.directly(x)).collect();
        let expected = ndarray::stack(Axis(0), &expected.iter().map(|x| x.view()).collect::<Vec<_>>()).unwrap();
        for size in BATCHES {
            let found = graph.logits(&[], rows(&images, size).view()).unwrap();
            // At most fifteen terms, each rounded at 1e-16.
            assert_close(case.what, &found, &rows(&expected, size), 1e-14);
        }
        derivatives::check(case.what, &graph, &[], &images);
    }
}

#[test]
fn derivatives_pass_through_between_layers() {
    for case in &CASES {
        let inputs: usize = case.sizes().iter().sum();
        let mut g = GraphBuilder::new(&[4]);
        let x = g.dense(g.input(), "Dense_0", inputs).unwrap();
        let y = case.on_parts(&mut g, x);
        // The operation reads values with several readers, whose cotangents are sums.
        let again = case.on_parts(&mut g, x);
        let y = g.add(y, again).unwrap();
        let y = g.relu(y);
        let y = g.dense(y, "Dense_1", 3).unwrap();
        let graph = g.finish(y).unwrap();
        derivatives::check(case.what, &graph, &draw::params(&graph, 4), &draw::matrix(3, (33, 4)));
    }
}

/// Tokens `(5, 3)` of an image of 15 numbers: a class token before them, positions added, two layers on each token
/// without and with biases, and the mean.
fn tokens() -> Graph {
    let mut g = GraphBuilder::new(&[15]);
    let x = g.reshape(g.input(), &[5, 3]).unwrap();
    let x = g.dense_on_last_axis(x, "embed", &DenseSpec { bias: false, ..DenseSpec::new(4) }).unwrap();
    let class = g.embedding("class", &[1, 1, 4], Initializer::Zeros).unwrap();
    let class = g.reshape(class, &[1, 4]).unwrap();
    let x = g.concat(&[class, x], 0).unwrap();
    let positions = g.embedding("positions", &[1, 6, 4], Initializer::Normal { deviation: 0.02 }).unwrap();
    let x = g.add(x, positions).unwrap();
    let axes = DenseSpec { output_axes: vec![2, 3], ..DenseSpec::new(6) };
    let y = g.dense_on_last_axis(x, "mlp.fc1", &axes).unwrap();
    let y = g.relu(y);
    let y = g.mean(y, &[0]).unwrap();
    let y = g.dense(y, "head", 3).unwrap();
    g.finish(y).unwrap()
}

#[test]
fn parameters_are_values_and_dense_layers_apply_to_every_token() {
    let graph = tokens();
    let names: Vec<(&str, Vec<usize>)> =
        graph.parameters().iter().map(|p| (p.name.as_str(), p.shape.clone())).collect();
    let expected = [
        ("embed.kernel", vec![3, 4]),
        ("class", vec![1, 1, 4]),
        ("positions", vec![1, 6, 4]),
        ("mlp.fc1.bias", vec![2, 3]),
        ("mlp.fc1.kernel", vec![4, 2, 3]),
        ("head.bias", vec![3]),
        ("head.kernel", vec![6, 3]),
    ];
    assert_eq!(names, expected);
    let roles: Vec<Role> = graph.parameters().iter().map(|p| p.role).collect();
    assert_eq!(roles[1..4], [Role::Embedding, Role::Embedding, Role::Bias]);

    let mut params = draw::normal(5, graph.parameter_count());
    let images = draw::matrix(6, (33, 15));
    let array = |name: &str, rows: usize, columns: usize| {
        let numbers = graph.view(&params, name).unwrap().iter().copied().collect();
        Array2::from_shape_vec((rows, columns), numbers).unwrap()
    };
    let mut expected = Array2::zeros((33, 3));
    for (mut logits, image) in expected.outer_iter_mut().zip(images.outer_iter()) {
        let x = image.to_owned().into_shape_with_order((5, 3)).unwrap().dot(&array("embed.kernel", 3, 4));
        let x = ndarray::concatenate(Axis(0), &[array("class", 1, 4).view(), x.view()]).unwrap();
        let x = x + array("positions", 6, 4);
        let y = x.dot(&array("mlp.fc1.kernel", 4, 6)) + array("mlp.fc1.bias", 1, 6);
        let y = y.mapv(|v| v.max(0.0)).mean_axis(Axis(0)).unwrap();
        logits.assign(&(y.dot(&array("head.kernel", 6, 3)) + array("head.bias", 1, 3).row(0)));
    }
    for size in BATCHES {
        let found = graph.logits(&params, rows(&images, size).view()).unwrap();
        assert_close("tokens", &found, &rows(&expected, size), 1e-13);
    }
    params.iter_mut().for_each(|p| *p *= 0.5);
    derivatives::check("tokens", &graph, &params, &images);
}

#[test]
fn per_sample_gradients_and_layer_pairs_are_those_of_single_images() {
    let graph = tokens();
    let params = draw::normal(7, graph.parameter_count());
    let images = draw::matrix(8, (18, 15));
    let at = graph.linearize(&params, images.view()).unwrap();
    let w = draw::matrix(9, (18, 3));
    let gradients = at.per_sample_gradients(w.view()).unwrap();
    for (i, gradient) in gradients.outer_iter().enumerate() {
        let image = images.select(Axis(0), &[i]);
        let alone = graph.linearize(&params, image.view()).unwrap();
        let expected = alone.vjp(w.select(Axis(0), &[i]).view()).unwrap();
        assert_close("one image", &gradient.to_vec(), &expected, 1e-13);
    }
    let total = at.vjp(w.view()).unwrap();
    moments::check("tokens", &at, w.view());
    let pairs = at.layer_pairs(w.view()).unwrap();
    let described: Vec<(bool, usize)> = pairs.iter().map(|layer| (layer.bias, layer.places)).collect();
    assert_eq!(described, [(false, 5), (true, 6), (true, 1)]);
    let mut covered = Vec::new();
    for layer in &pairs {
        let gradient: Vec<f64> = layer.inputs.dot(&layer.cotangents.t()).iter().copied().collect();
        assert_close("pairs", &gradient, &total[layer.params.clone()].to_vec(), 1e-13);
        covered.extend(layer.params.clone());
    }
    covered.extend(graph.elementwise_parameters().into_iter().flatten());
    covered.sort_unstable();
    assert!(covered.into_iter().eq(0..graph.parameter_count()));
    // The kernel J Jᵀ from its layers.
    let jacobian = at.jacobian().unwrap().into_shape_with_order((3 * 18, params.len())).unwrap();
    assert_close("kernel", &at.kernel().unwrap(), &jacobian.dot(&jacobian.t()), 1e-12);
}

/// The product of two values that depend on one layer is quadratic in its parameters.
#[test]
fn a_network_knows_its_structure() {
    let relu = super::nets::small_cnn();
    assert_eq!((relu.structure(), relu.is_affine_in_each_parameter()), (Structure::Multilinear, true));
    assert!(tokens().is_affine_in_each_parameter());
    let product = |shared: bool| {
        let mut g = GraphBuilder::new(&[4]);
        let a = g.dense(g.input(), "a", 3).unwrap();
        let b = g.dense(if shared { a } else { g.input() }, "b", 3).unwrap();
        let y = g.multiply(a, b).unwrap();
        g.finish(y).unwrap()
    };
    assert!(product(false).is_affine_in_each_parameter());
    assert!(!product(true).is_affine_in_each_parameter());
}

#[test]
fn shapes_that_do_not_fit_are_refused() {
    type Refused = (&'static str, fn(&mut GraphBuilder, Value) -> Result<Value, AutodiffError>);
    let cases: [Refused; 14] = [
        ("reshape", |g, x| g.reshape(x, &[5])),
        ("reshape", |g, x| g.reshape(x, &[usize::MAX, 2])),
        ("transpose", |g, x| g.transpose(x, &[0, 0])),
        ("transpose", |g, x| g.transpose(x, &[0])),
        ("slice", |g, x| g.slice(x, 2, 0..1)),
        ("slice", |g, x| g.slice(x, 1, 2..4)),
        ("slice", |g, x| g.slice(x, 1, 2..2)),
        ("concat", |g, _| g.concat(&[], 0)),
        ("concat", |g, x| {
            let y = g.flatten(x);
            g.concat(&[x, y], 0)
        }),
        ("matmul", |g, x| g.matmul(x, x, 1.0)),
        ("sum", |g, x| g.sum(x, &[])),
        ("mean", |g, x| g.mean(x, &[0, 0])),
        ("global_avg_pool", |g, x| g.global_avg_pool(x)),
        ("multiply", |g, x| {
            let y = g.flatten(x);
            g.multiply(x, y)
        }),
    ];
    for (node, build) in cases {
        let mut g = GraphBuilder::new(&[2, 3]);
        let x = g.input();
        let refused = build(&mut g, x).unwrap_err();
        assert!(matches!(&refused, AutodiffError::Graph { node: found, .. } if found == node), "{node}: {refused}");
    }
    let mut g = GraphBuilder::new(&[2, 3]);
    let twice = g.embedding("a", &[2, 3], Initializer::Ones).and_then(|_| g.embedding("a", &[2], Initializer::Ones));
    assert!(twice.unwrap_err().to_string().contains("unique"));
    assert!(g.embedding("b", &[0], Initializer::Ones).is_err());
    let axes = DenseSpec { output_axes: vec![2, 2], ..DenseSpec::new(6) };
    let x = g.input();
    assert!(
        g.dense_on_last_axis(x, "c", &axes).unwrap_err().to_string().contains("multiply to 3 inputs and 6 outputs")
    );
}
