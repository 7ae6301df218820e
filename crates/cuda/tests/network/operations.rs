//! Every operation of a network, in small networks around it: values, gradients, tangents, per-sample gradients through the kernel
//! `J Jᵀ`, and products with the Gauss-Newton matrix and the Hessian, against the CPU.

use super::reference::{Directions, check_derivatives, check_kernel};
use super::{Data, Failed, params};
use minima_autodiff::engine::FunctionSpace;
use minima_autodiff::softmax_cross_entropy::gradient_into;
use minima_autodiff::{
    Activation, AutodiffError, Classifier, Conv2dSpec, DenseSpec, Differentiable, Graph, GraphBuilder, Initializer,
    Model, NormSpec, Padding, PoolSpec, Value,
};
use minima_cuda::{CudaEngine, Device};
use ndarray::Array2;
use std::sync::Arc;

type Build = fn(&mut GraphBuilder, Value) -> Result<Value, AutodiffError>;

const BORDER: Padding = Padding::Explicit { low: [1, 0], high: [2, 1] };

/// Networks of one operation on feature maps `(5, 6, 4)` of a convolution, before a dense layer. Several are rectified.
fn on_maps() -> Vec<(&'static str, Build)> {
    vec![
        ("convolution in groups", |g, x| {
            g.conv2d(x, "c", Conv2dSpec { groups: 2, stride: [2, 1], ..Conv2dSpec::same(6, 3) }).map(|x| g.relu(x))
        }),
        ("depthwise convolution", |g, x| g.conv2d(x, "c", Conv2dSpec { groups: 4, ..Conv2dSpec::same(8, 3) })),
        ("convolution with dilation", |g, x| {
            g.conv2d(x, "c", Conv2dSpec { dilation: [1, 2], stride: [1, 2], ..Conv2dSpec::same(3, 3) })
        }),
        ("convolution with a border", |g, x| {
            g.conv2d(x, "c", Conv2dSpec { padding: BORDER, stride: [2, 2], ..Conv2dSpec::same(5, 2) })
        }),
        ("convolution without bias", |g, x| {
            g.conv2d(x, "c", Conv2dSpec { bias: false, ..Conv2dSpec::same(5, 1) }).map(|x| g.relu(x))
        }),
        ("dense layer without bias", |g, x| {
            let x = g.flatten(x);
            g.dense_on_last_axis(x, "d", &DenseSpec { bias: false, ..DenseSpec::new(7) }).map(|x| g.relu(x))
        }),
        ("dense layer on tokens", |g, x| {
            let x = g.reshape(x, &[15, 8])?;
            g.dense_on_last_axis(x, "d", &DenseSpec::new(5)).map(|x| g.relu(x))
        }),
        ("dense layer on tokens without bias", |g, x| {
            let x = g.reshape(x, &[10, 12])?;
            g.dense_on_last_axis(x, "d", &DenseSpec { bias: false, ..DenseSpec::new(3) })
        }),
        ("mean with a border", |g, x| {
            g.avg_pool2d_padded(x, PoolSpec::new([3, 2], [2, 2]).with_padding(BORDER)).map(|x| g.relu(x))
        }),
        ("mean that excludes its border", |g, x| {
            g.avg_pool2d_padded(x, PoolSpec::new([3, 3], [2, 1]).with_padding(BORDER).excluding_padding())
        }),
        ("maximum with a border", |g, x| {
            let x = g.relu(x);
            g.max_pool2d_padded(x, PoolSpec::new([3, 3], [2, 1]).with_padding(BORDER))
        }),
        ("group normalisation", |g, x| g.group_norm(x, "n", 2, NormSpec::default()).map(|x| g.relu(x))),
        ("instance normalisation", |g, x| g.group_norm(x, "n", 4, NormSpec { shift: false, ..NormSpec::default() })),
        ("layer normalisation", |g, x| g.layer_norm(x, "n", NormSpec { scale: false, ..NormSpec::default() })),
        ("layer normalisation over two axes", |g, x| g.layer_norm_over(x, "n", 2, NormSpec::default())),
        ("bare normalisation", |g, x| g.layer_norm(x, "n", NormSpec { scale: false, shift: false, epsilon: 0.1 })),
        ("root-mean-square normalisation", |g, x| g.rms_norm(x, "n", NormSpec { shift: false, ..NormSpec::default() })),
        ("softmax", |g, x| g.softmax(x)),
        ("softmax over another axis", |g, x| g.softmax_over(x, 1)),
        ("product", |g, x| {
            let y = g.activation(x, Activation::Tanh);
            g.multiply(x, y).map(|x| g.relu(x))
        }),
        ("square", |g, x| g.multiply(x, x)),
        ("matrix product", |g, x| {
            let a = g.reshape(x, &[2, 5, 12])?;
            let b = g.transpose(a, &[0, 2, 1])?;
            g.matmul(a, b, 0.3).map(|x| g.relu(x))
        }),
        ("sum over axes", |g, x| g.sum(x, &[0, 2]).map(|x| g.relu(x))),
        ("mean over axes", |g, x| g.mean(x, &[1])),
        ("global mean", |g, x| g.global_avg_pool(x)),
        ("transposition", |g, x| g.transpose(x, &[2, 0, 1]).map(|x| g.relu(x))),
        ("slice", |g, x| {
            let part = g.slice(x, 1, 2..5)?;
            let other = g.slice(x, 1, 0..3)?;
            g.add(part, other)
        }),
        ("concatenation", |g, x| {
            let y = g.activation(x, Activation::Sigmoid);
            let c = g.constant(&[5, 1, 4], &[0.5; 20])?;
            g.concat(&[x, c, y], 1).map(|x| g.relu(x))
        }),
        ("embedding", |g, x| {
            let e = g.embedding("e", &[5, 6, 4], Initializer::Normal { deviation: 0.5 })?;
            let sum = g.add(x, e)?;
            g.multiply(sum, e)
        }),
        ("constant", |g, x| {
            let c = g.constant(&[5, 6, 4], &(0..120).map(|i| f64::from(i % 7) - 3.0).collect::<Vec<_>>())?;
            g.multiply(x, c)
        }),
        ("constant affine map", |g, x| g.affine(x, &[0.5, -1.0, 2.0, 1.5], &[0.1, 0.2, -0.3, 0.0]).map(|x| g.relu(x))),
        ("attention", |g, x| {
            let x = g.reshape(x, &[5, 24])?;
            let y = g.attention(x, "a", 3)?;
            g.add(x, y)
        }),
        ("leaky ReLU", |g, x| Ok(g.activation(x, Activation::LeakyRelu { slope: 0.1 }))),
        ("ELU", |g, x| Ok(g.activation(x, Activation::Elu { alpha: 0.7 }))),
        ("GELU", |g, x| Ok(g.activation(x, Activation::Gelu))),
        ("GELU by tanh", |g, x| Ok(g.activation(x, Activation::GeluTanh))),
        ("SiLU", |g, x| Ok(g.activation(x, Activation::Silu))),
        ("tanh", |g, x| Ok(g.activation(x, Activation::Tanh))),
        ("sigmoid", |g, x| Ok(g.activation(x, Activation::Sigmoid))),
        ("softplus", |g, x| {
            let y = g.activation(x, Activation::Softplus);
            Ok(g.relu(y))
        }),
        ("clip", |g, x| Ok(g.activation(x, Activation::Clip { low: -0.4, high: 0.6 }))),
        ("square root", |g, x| {
            let y = g.activation(x, Activation::Softplus);
            Ok(g.activation(y, Activation::Sqrt))
        }),
        ("reciprocal", |g, x| {
            let y = g.activation(x, Activation::Softplus);
            let one = g.constant(&[5, 6, 4], &[1.0; 120])?;
            let y = g.add(y, one)?;
            Ok(g.activation(y, Activation::Reciprocal))
        }),
    ]
}

fn network(build: Build) -> Graph {
    let mut g = GraphBuilder::new(&[5, 6, 2]);
    let x = g.conv2d(g.input(), "first", Conv2dSpec::same(4, 2)).unwrap();
    let x = build(&mut g, x).unwrap();
    let x = g.flatten(x);
    let x = g.dense(x, "last", 3).unwrap();
    g.finish(x).unwrap()
}

/// All tests, each on a device that is opened anew. `MINIMA_OPERATIONS`, if it is set, names the operations that are tested: the
/// beginnings of their names, separated by commas.
pub fn check<D: Device>(open: &dyn Fn() -> D) {
    let wanted = std::env::var("MINIMA_OPERATIONS").unwrap_or_default();
    for (name, build) in on_maps() {
        if !wanted.split(',').any(|start| name.starts_with(start)) {
            continue;
        }
        eprintln!("{name}");
        let engine = CudaEngine::new(open(), Arc::new(network(build))).unwrap();
        for count in [1, 5] {
            derivatives(name, &engine, count);
        }
        kernel(name, &engine);
    }
}

fn flat(a: Array2<f32>) -> Vec<f32> {
    a.into_raw_vec_and_offset().0
}

/// Values, gradients, tangents and products with curvature, on a batch.
pub fn derivatives<D: Device>(name: &str, engine: &CudaEngine<D>, count: usize) {
    let graph = engine.graph();
    let data = Data::of(graph, count);
    let along = Directions::of(graph, &data.images);
    let device = engine.model(Model::new(Arc::clone(graph), params(graph)).unwrap()).unwrap();
    let images = data.images.view();
    let cotangent = |i: usize, logits: &[f32], out: &mut [f32]| gradient_into(logits, data.labels[i], 1.0, out);
    let point = device.curvature_point(images, &data.labels).unwrap();
    let found = [
        flat(device.logits(images).unwrap()),
        flat(device.logits_and_input_vjp(images, &cotangent).unwrap().1),
        device.logits_and_vjp(images, &cotangent).unwrap().1,
        flat(device.jvp(images, &along.params, along.images.view()).unwrap()),
        point.gradient().unwrap(),
        point.gauss_newton_product(&along.params).unwrap(),
        point.hessian_product(&along.params).unwrap(),
    ];
    check_derivatives(name, graph, &data, &along, &found);
}

/// The kernel `J Jᵀ` of three images, which consists of the inner products of per-sample gradients.
pub fn kernel<D: Device>(name: &str, engine: &CudaEngine<D>) {
    let graph = Arc::clone(engine.graph());
    let data = Data::of(&graph, 3);
    let numbers = params(&graph);
    let loaded = engine.load(&data.pixels, &data.labels).unwrap();
    let on_device = engine.vector(&numbers).unwrap();
    let mut found = Vec::new();
    let mut step = |batch: &minima_cuda::engine::DeviceBatch<'_, D>| -> Result<(), Failed> {
        let of = |error| Failed::Device(minima_cuda::CudaError::Autodiff(error));
        let (_, at) = FunctionSpace::<f32, f64>::linearize(engine, &on_device, batch).map_err(of)?;
        let kernel = FunctionSpace::<f32, f64>::kernel(engine, &at).map_err(of)?;
        found = engine.read_columns(&kernel)?;
        Ok(())
    };
    engine.epochs(&loaded, 3).unwrap().run(&[0, 1, 2], true, &mut step).unwrap();
    check_kernel(name, &graph, &data, &found);
}
