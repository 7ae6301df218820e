//! Whole networks on a device against the same networks on the CPU: gradients, directions, training, evaluation. The
//! tests run on any device.

pub mod newton;
pub mod operations;
mod reference;
pub mod rounding;
pub mod zoo;

use minima_autodiff::softmax_cross_entropy::gradient_into;
use minima_autodiff::{
    Batch, Classifier, Conv2dSpec, Differentiable, Engine, Graph, GraphBuilder, Model, Padding, paper_cnn,
};
use minima_cuda::engine::EpochReport;
use minima_cuda::{CudaEngine, CudaError, Device};
use minima_optim::{Adam, GaussNewton, GgnVariant, OptimError, Optimizer, Sgd, SolvePrecision};
use minima_rng::Key;
use ndarray::Array2;
use std::sync::Arc;

/// Sums of some thousand products in single precision, in another order.
const ROUNDING: f64 = 2e-6;

/// All tests, each on a device that is opened anew.
pub fn check<D: Device>(open: &dyn Fn() -> D) {
    for (name, graph) in [("paper", paper_cnn([9, 8, 2], 5).unwrap()), ("residual", residual()), ("readers", readers())]
    {
        let graph = Arc::new(graph);
        gradients(name, &CudaEngine::new(open(), Arc::clone(&graph)).unwrap());
        directions(name, &CudaEngine::new(open(), Arc::clone(&graph)).unwrap());
        evaluation(name, &CudaEngine::new(open(), Arc::clone(&graph)).unwrap());
        training(name, &CudaEngine::new(open(), graph).unwrap());
    }
    refusals(&CudaEngine::new(open(), Arc::new(residual())).unwrap());
}

/// What [`varied`] changes of a network, without changing its number of parameters.
#[derive(Clone, Copy, PartialEq)]
enum Variation {
    Nothing,
    Names,
    InputShape,
    Pooling,
    LastRectifier,
    Addition,
}

/// A residual block, a strided convolution, and channels that are not multiples of four.
fn residual() -> Graph {
    varied(Variation::Nothing)
}

/// The network of [`residual`] with another name of a layer.
fn renamed() -> Graph {
    varied(Variation::Names)
}

/// Networks with as many parameters as [`residual`], each with the first part that differs.
fn networks_of_equally_many_parameters() -> [(&'static str, Graph); 4] {
    [
        ("input's shape", varied(Variation::InputShape)),
        ("layer 3", varied(Variation::Pooling)),
        ("layer 5", varied(Variation::LastRectifier)),
        ("number of layers", varied(Variation::Addition)),
    ]
}

fn varied(variation: Variation) -> Graph {
    let shape = if variation == Variation::InputShape { [7, 7, 2] } else { [6, 7, 2] };
    let mut g = GraphBuilder::new(&shape);
    let first = if variation == Variation::Names { "First" } else { "Conv_0" };
    let x = g.conv2d(g.input(), first, Conv2dSpec::same(3, 3)).unwrap();
    let x = g.relu(x);
    let y = g.conv2d(x, "Conv_1", Conv2dSpec::same(3, 3)).unwrap();
    let y = g.relu(y);
    let y = if variation == Variation::Addition { y } else { g.add(x, y).unwrap() };
    let pool = if variation == Variation::Pooling { GraphBuilder::avg_pool2d } else { GraphBuilder::max_pool2d };
    let y = pool(&mut g, y, [2, 2], [2, 2]).unwrap();
    let strided =
        Conv2dSpec { features: 5, kernel: [2, 2], stride: [2, 1], padding: Padding::Valid, ..Conv2dSpec::same(5, 2) };
    let y = g.conv2d(y, "Conv_2", strided).unwrap();
    let y = g.relu(y);
    let y = g.flatten(y);
    let y = g.dense(y, "Dense_0", 6).unwrap();
    let y = if variation == Variation::LastRectifier { y } else { g.relu(y) };
    let y = g.dense(y, "Dense_1", 4).unwrap();
    g.finish(y).unwrap()
}

/// Values with several readers, some of them rectified, one of them read by a separate rectifier. The input has two
/// readers.
fn readers() -> Graph {
    let mut g = GraphBuilder::new(&[4, 4, 2]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(2, 3)).unwrap();
    let gated = g.relu(x);
    let sum = g.add(x, gated).unwrap();
    let sum = g.add(sum, g.input()).unwrap();
    let sum = g.relu(sum);
    let pooled = g.avg_pool2d(sum, [2, 2], [2, 2]).unwrap();
    let pooled = g.relu(pooled);
    let flat = g.flatten(pooled);
    let a = g.dense(flat, "Dense_0", 8).unwrap();
    let a = g.relu(a);
    let b = g.add(a, flat).unwrap();
    let b = g.relu(b);
    let y = g.dense(b, "Dense_1", 3).unwrap();
    g.finish(y).unwrap()
}

/// Pixels that bytes represent exactly, so that a data set of bytes has the same pixels.
struct Data {
    pixels: Vec<u8>,
    images: Array2<f32>,
    labels: Vec<usize>,
}

impl Data {
    fn of(graph: &Graph, count: usize) -> Self {
        let numbers = Key::new(7).uniform(count * graph.features());
        let pixels: Vec<u8> = numbers.iter().map(|x| (x * 255.0) as u8).collect();
        let values = pixels.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        let images = Array2::from_shape_vec((count, graph.features()), values).unwrap();
        Self { pixels, images, labels: (0..count).map(|i| (i * 7 + 1) % graph.classes()).collect() }
    }

    fn rows(&self, indices: &[usize]) -> (Array2<f32>, Vec<usize>) {
        (self.images.select(ndarray::Axis(0), indices), indices.iter().map(|&i| self.labels[i]).collect())
    }
}

fn params(graph: &Graph) -> Vec<f32> {
    // Non-zero biases, so that a missing bias is detected.
    graph.init::<f32>(3).iter().zip(Key::new(4).normal(graph.parameter_count())).map(|(p, n)| p + 0.1 * n).collect()
}

#[track_caller]
fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let of = |x: &f32, y: &f32| (f64::from(*x) - f64::from(*y)).powi(2);
    let apart: f64 = found.iter().zip(expected).map(|(f, e)| of(f, e)).sum();
    let error = (apart / expected.iter().map(|e| of(e, &0.0)).sum::<f64>()).sqrt();
    assert!(error < tolerance, "{what}: relative error {error:e}, tolerance {tolerance:e}");
}

/// The parameters after one batch's step on the device.
fn stepped<D: Device>(
    engine: &CudaEngine<D>,
    data: &Data,
    optimizer: &mut dyn Optimizer<f32, CudaEngine<D>>,
) -> (Vec<f32>, EpochReport) {
    let on_device = engine.load(&data.pixels, &data.labels).unwrap();
    let mut params = engine.vector(&params(engine.graph())).unwrap();
    let order: Vec<u32> = (0..data.labels.len() as u32).rev().collect();
    let mut epochs = engine.epochs(&on_device, data.labels.len()).unwrap();
    let recorded = optimizer.repeats_its_calls();
    let report =
        epochs.run::<Failed>(&order, recorded, |batch| Ok(optimizer.step(engine, &mut params, batch)?)).unwrap();
    (engine.read(&params).unwrap(), report)
}

/// Either error of a step.
#[derive(Debug)]
#[expect(dead_code, reason = "a failing test prints them")]
enum Failed {
    Device(CudaError),
    Step(OptimError),
}

impl From<CudaError> for Failed {
    fn from(error: CudaError) -> Self {
        Self::Device(error)
    }
}

impl From<OptimError> for Failed {
    fn from(error: OptimError) -> Self {
        Self::Step(error)
    }
}

fn gradients<D: Device>(name: &str, engine: &CudaEngine<D>) {
    let graph = Arc::clone(engine.graph());
    for count in [1, 5, 33] {
        let data = Data::of(&graph, count);
        let (before, order) = (params(&graph), (0..count).rev().collect::<Vec<_>>());
        let (images, labels) = data.rows(&order);
        let batch = Batch::new(images.view(), &labels).unwrap();
        let (report, gradient) = graph.gradient(&before, &batch).unwrap();
        let (after, seen) = stepped(engine, &data, &mut Sgd::new(1.0));
        let found: Vec<f32> = before.iter().zip(&after).map(|(b, a)| b - a).collect();
        // The gradient is computed as a difference of parameters, which are of size one.
        assert_close(&format!("{name}: gradient of {count}"), &found, &gradient, 10.0 * ROUNDING);
        assert!((seen.loss - report.loss).abs() < ROUNDING * report.loss, "{name}: {seen:?} {report:?}");
        assert_eq!(seen.accuracy, report.correct as f64 / count as f64, "{name}");
    }
}

fn directions<D: Device>(name: &str, engine: &CudaEngine<D>) {
    let graph = Arc::clone(engine.graph());
    let data = Data::of(&graph, 6);
    let order: Vec<usize> = (0..6).rev().collect();
    let (images, labels) = data.rows(&order);
    let batch = Batch::new(images.view(), &labels).unwrap();
    for variant in [GgnVariant::Mean, GgnVariant::Sum, GgnVariant::Coupled] {
        for precision in [SolvePrecision::Double, SolvePrecision::Network] {
            let optimizer =
                GaussNewton::new(variant).with_precision(precision).with_damping(0.1).with_learning_rate(1.0);
            let mut expected = params(&graph);
            Optimizer::<f32>::step(&mut optimizer.clone(), &*graph, &mut expected, &batch).unwrap();
            let (found, _) = stepped(engine, &data, &mut optimizer.clone());
            // The kernel is rounded in another order, by some 1e-7 of its largest entries, and the damping divides the
            // error.
            let tolerance = if precision == SolvePrecision::Double { 1e-4 } else { 1e-3 };
            assert_close(&format!("{name}: {variant:?}, {precision:?}"), &found, &expected, tolerance);
        }
    }
}

fn training<D: Device>(name: &str, engine: &CudaEngine<D>) {
    type OnHost = Box<dyn Optimizer<f32>>;
    type OnDevice<D> = Box<dyn Optimizer<f32, CudaEngine<D>>>;
    const BATCH: usize = 4;
    let graph = Arc::clone(engine.graph());
    // Three whole batches, the second of which is recorded and the third replayed, and one batch of two images.
    let data = Data::of(&graph, 14);
    let gauss_newton = GaussNewton::mean().with_damping(0.1).with_learning_rate(0.3);
    let optimizers: [(&str, OnHost, OnDevice<D>, f64); 4] = [
        ("sgd", Box::new(Sgd::new(0.1)), Box::new(Sgd::new(0.1)), 1e-5),
        (
            "nesterov",
            Box::new(Sgd::new(0.05).with_momentum(0.9).with_nesterov().with_weight_decay(0.01)),
            Box::new(Sgd::new(0.05).with_momentum(0.9).with_nesterov().with_weight_decay(0.01)),
            1e-5,
        ),
        // Adam takes a whole step even if a gradient is only rounding error.
        (
            "adam",
            Box::new(Adam::new(0.01).with_epsilon(1e-3).with_weight_decay(0.01)),
            Box::new(Adam::new(0.01).with_epsilon(1e-3).with_weight_decay(0.01)),
            1e-4,
        ),
        ("gauss-newton", Box::new(gauss_newton), Box::new(gauss_newton), 1e-4),
    ];
    for (optimizer, mut on_host, mut on_device, tolerance) in optimizers {
        let loaded = engine.load(&data.pixels, &data.labels).unwrap();
        let mut device_params = engine.vector(&params(&graph)).unwrap();
        let mut epochs = engine.epochs(&loaded, BATCH).unwrap();
        let mut host_params = params(&graph);
        for epoch in 0..3 {
            let order = Key::new(epoch).permutation(14);
            let seen = epochs.run::<Failed>(&order, on_device.repeats_its_calls(), |batch| {
                Ok(on_device.step(engine, &mut device_params, batch)?)
            });
            let seen = seen.unwrap();
            let mut expected = EpochReport { loss: 0.0, accuracy: 0.0 };
            for indices in order.chunks(BATCH) {
                let indices: Vec<usize> = indices.iter().map(|&i| i as usize).collect();
                let (images, labels) = data.rows(&indices);
                let batch = Batch::new(images.view(), &labels).unwrap();
                let report = on_host.step(&graph, &mut host_params, &batch).unwrap();
                expected.loss += report.loss / 4.0;
                expected.accuracy += report.correct as f64 / labels.len() as f64 / 4.0;
            }
            let what = format!("{name}, {optimizer}, epoch {epoch}");
            assert!((seen.loss - expected.loss).abs() < tolerance * expected.loss, "{what}: {seen:?} {expected:?}");
            assert!((seen.accuracy - expected.accuracy).abs() < 1e-12, "{what}: {seen:?} {expected:?}");
            assert_close(&what, &engine.read(&device_params).unwrap(), &host_params, tolerance);
        }
    }
}

fn evaluation<D: Device>(name: &str, engine: &CudaEngine<D>) {
    let graph = Arc::clone(engine.graph());
    let data = Data::of(&graph, 9);
    let host = Model::new(Arc::clone(&graph), params(&graph)).unwrap();
    let device = engine.model(host.clone()).unwrap();
    let cotangent = |i: usize, logits: &[f32], out: &mut [f32]| gradient_into(logits, data.labels[i], 1.0, out);
    let flat = |a: Array2<f32>| a.into_raw_vec_and_offset().0;
    let images = data.images.view();
    let expected = flat(host.logits(images).unwrap());
    assert_close(&format!("{name}: logits"), &flat(device.logits(images).unwrap()), &expected, ROUNDING);
    let (_, expected) = host.logits_and_input_vjp(images, &cotangent).unwrap();
    let (logits, found) = device.logits_and_input_vjp(images, &cotangent).unwrap();
    assert_close(&format!("{name}: input gradient"), &flat(found), &flat(expected), 2.0 * ROUNDING);
    assert_eq!(logits.dim(), (9, graph.classes()));
    let (_, expected) = Differentiable::logits_and_vjp(&host, images, &cotangent).unwrap();
    let (_, found) = device.logits_and_vjp(images, &cotangent).unwrap();
    assert_close(&format!("{name}: gradient"), &found, &expected, 2.0 * ROUNDING);
    let (along, tangents) = (Key::new(8).normal(graph.parameter_count()), Key::new(9).normal(9 * graph.features()));
    let tangents = Array2::from_shape_vec(images.raw_dim(), tangents).unwrap();
    let expected = graph.linearize(host.params(), images).unwrap().jvp(Some(&along), Some(tangents.view())).unwrap();
    let found = device.jvp(images, &along, tangents.view()).unwrap();
    assert_close(&format!("{name}: jvp"), &flat(found), &flat(expected), 2.0 * ROUNDING);
    let moved: Vec<f32> = host.params().iter().map(|p| 1.1 * p).collect();
    let (found, expected) = (device.logits_at(&moved, images).unwrap(), host.logits_at(&moved, images).unwrap());
    assert_close(&format!("{name}: logits elsewhere"), &flat(found), &flat(expected), ROUNDING);
}

fn refusals<D: Device>(engine: &CudaEngine<D>) {
    assert!(matches!(engine.vector(&[0.0; 3]), Err(CudaError::Length { what: "parameters", found: 3, .. })));
    assert!(matches!(engine.load(&[0; 3], &[0]), Err(CudaError::Length { what: "pixels", found: 3, expected: 84 })));
    let data = engine.load(&[0; 2 * 84], &[0, 1]).unwrap();
    assert!(matches!(engine.epochs(&data, 0), Err(CudaError::Length { what: "a batch", .. })));
    let mut epochs = engine.epochs(&data, 1).unwrap();
    let short = epochs.run::<CudaError>(&[0], true, |_| Ok(()));
    assert!(matches!(short, Err(CudaError::Length { what: "order", found: 1, expected: 2 })));
    for (part, graph) in networks_of_equally_many_parameters() {
        assert_eq!(graph.parameter_count(), engine.graph().parameter_count());
        let other = engine.model(Model::new(Arc::new(graph), params(engine.graph())).unwrap());
        match other.map(|_| ()) {
            Err(CudaError::OtherNetwork { what, .. }) => assert_eq!(what, part),
            found => panic!("{part}: {found:?}"),
        }
    }
    // The names of the layers do not matter.
    assert!(engine.model(Model::new(Arc::new(renamed()), params(engine.graph())).unwrap()).is_ok());
    let model = engine.model(Model::new(Arc::clone(engine.graph()), params(engine.graph())).unwrap()).unwrap();
    assert!(model.logits(Array2::zeros((2, 5)).view()).is_err());
    // If a recorded step fails, its own error is returned, and the device remains usable.
    let mut calls = 0;
    let failed = epochs.run::<CudaError>(&[0, 1], true, |_| {
        calls += 1;
        if calls == 1 { Ok(()) } else { Err(CudaError::Length { what: "mine", found: 0, expected: 1 }) }
    });
    assert!(matches!(failed, Err(CudaError::Length { what: "mine", .. })), "{failed:?}");
    assert!(model.logits(Array2::zeros((1, 84)).view()).is_ok());
}
