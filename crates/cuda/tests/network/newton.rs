//! Newton-type optimizers on a device: the statistics of K-FAC and EKFAC, and training step by step, against the CPU's.

use super::rounding::rounding;
use super::{Data, Failed, assert_close, params};
use minima_autodiff::{
    AutodiffError, Batch, Conv2dSpec, DenseSpec, Graph, GraphBuilder, Initializer, Model, NormSpec, Padding, Value,
    paper_cnn,
};
use minima_cuda::{CudaEngine, Device};
use minima_curvature::kfac::{DiagonalBlock, Eigenbasis, KroneckerFactors, PlacedBasis, WeightSharing};
use minima_curvature::{BatchCurvature, GgnVariant, HostCurvature};
use minima_network::NetworkSpec;
use minima_optim::{
    Armijo, CurvatureEngine, Ekfac, FisherKind, Kfac, LevenbergMarquardt, OptimError, Optimizer, SecondOrder,
};
use minima_rng::Key;
use ndarray::{Array2, ArrayRef2};
use std::sync::Arc;

type Build = fn(&mut GraphBuilder, Value) -> Result<Value, AutodiffError>;
/// Whether an optimizer with this name is tested.
type Wanted = fn(&str) -> bool;

/// Layers with weights on maps `(5, 6, 4)`.
fn layers() -> Vec<(&'static str, Build)> {
    let border = |g: &mut GraphBuilder, x| {
        let padding = Padding::Explicit { low: [1, 0], high: [2, 1] };
        g.conv2d(x, "c", Conv2dSpec { padding, stride: [2, 2], ..Conv2dSpec::same(5, 2) })
    };
    vec![
        ("convolution in groups", |g, x| {
            g.conv2d(x, "c", Conv2dSpec { groups: 2, stride: [2, 1], ..Conv2dSpec::same(6, 3) }).map(|x| g.relu(x))
        }),
        ("depthwise convolution", |g, x| g.conv2d(x, "c", Conv2dSpec { groups: 4, ..Conv2dSpec::same(8, 3) })),
        ("convolution with dilation", |g, x| {
            g.conv2d(x, "c", Conv2dSpec { dilation: [1, 2], bias: false, ..Conv2dSpec::same(3, 3) })
        }),
        ("convolution with a border", border),
        ("dense layer on tokens", |g, x| {
            let x = g.reshape(x, &[15, 8])?;
            g.dense_on_last_axis(x, "d", &DenseSpec { bias: false, ..DenseSpec::new(5) }).map(|x| g.relu(x))
        }),
        ("group normalisation and embedding", |g, x| {
            let e = g.embedding("e", &[5, 6, 4], Initializer::Normal { deviation: 0.5 })?;
            let x = g.multiply(x, e)?;
            g.group_norm(x, "n", 2, NormSpec::default())
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

/// All tests, each on a device that is opened anew.
pub fn check<D: Device>(open: &dyn Fn() -> D) {
    for (name, build) in layers() {
        eprintln!("{name}");
        let engine = CudaEngine::new(open(), Arc::new(network(build))).unwrap();
        for count in [1, 5] {
            statistics(name, &engine, count);
        }
    }
    let resnet = NetworkSpec::named("resnet20", &[("width", 8)]).unwrap().with_input(vec![4, 4, 2]).with_classes(3);
    // A residual network takes long in the emulator: one optimizer of each kind.
    let (all, some): (Wanted, Wanted) =
        (|_| true, |optimizer| ["gauss-newton-cg", "kfac", "ekfac"].contains(&optimizer));
    let networks = [("paper-cnn", paper_cnn([9, 8, 2], 5).unwrap(), all), ("resnet20", resnet.graph().unwrap(), some)];
    for (name, graph, wanted) in networks {
        eprintln!("{name}");
        let engine = CudaEngine::new(open(), Arc::new(graph)).unwrap();
        statistics(name, &engine, 3);
        training(name, &engine, wanted);
        refusals(&engine);
    }
}

/// Factors and second moments of a batch.
fn statistics<D: Device>(name: &str, engine: &CudaEngine<D>, count: usize) {
    let graph = Arc::clone(engine.graph());
    let (data, numbers) = (Data::of(&graph, count), params(&graph));
    let batch = Batch::new(data.images.view(), &data.labels).unwrap();
    let host = HostCurvature::new(&graph, &numbers, &batch).unwrap();
    let model = engine.model(Model::new(Arc::clone(&graph), numbers.clone()).unwrap()).unwrap();
    let device = model.curvature_point(data.images.view(), &data.labels).unwrap();
    let w = Array2::from_shape_vec((count, graph.classes()), Key::new(5).normal(count * graph.classes())).unwrap();
    let (host, device) = (host.layer_statistics(w.view()).unwrap(), device.layer_statistics(w.view()).unwrap());
    let tolerance = rounding(&graph, count, 2);
    let what = |part: &str| format!("{name}, {count} images: {part}");
    let flat = |a: &ArrayRef2<f32>| a.iter().copied().collect::<Vec<_>>();
    let diagonals = |found: &[DiagonalBlock<f32>], expected: &[DiagonalBlock<f32>]| {
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.params, expected.params, "{name}");
            assert_close(&what("diagonal block"), &found.entries, &expected.entries, 2.0 * tolerance);
        }
    };
    let mut factors: Vec<KroneckerFactors<f32>> = Vec::new();
    for sharing in [WeightSharing::Expand, WeightSharing::Reduce] {
        let (found, expected) = (device.factors(sharing).unwrap(), host.factors(sharing).unwrap());
        assert_eq!(found.layers.len(), expected.layers.len(), "{name}");
        for (number, (found, expected)) in found.layers.iter().zip(&expected.layers).enumerate() {
            assert_eq!((&found.params, &found.columns), (&expected.params, &expected.columns), "{name}");
            let of = |side: &str| what(&format!("{side} factor of layer {number}, {sharing:?}"));
            // A product of two numbers has the relative errors of both.
            assert_close(&of("input"), &flat(&found.input), &flat(&expected.input), 2.0 * tolerance);
            assert_close(&of("output"), &flat(&found.output), &flat(&expected.output), 2.0 * tolerance);
        }
        diagonals(&found.diagonals, &expected.diagonals);
        factors.push(expected);
    }
    // Any matrices will do for bases. These have columns of length one on average, and no symmetry.
    let basis = |seed: u64, order: usize| {
        let scale = 1.0 / (order as f32).sqrt();
        let numbers = Key::new(seed).normal(order * order).into_iter().map(|x| scale * x).collect();
        Array2::from_shape_vec((order, order), numbers).unwrap().into_shared()
    };
    let of_layers = factors[0].layers.iter().enumerate().map(|(number, layer)| Eigenbasis {
        input: basis(2 * number as u64, layer.input.nrows()),
        output: basis(2 * number as u64 + 1, layer.output.nrows()),
    });
    let of_layers: Vec<Eigenbasis<f32>> = of_layers.collect();
    let bases = factors[0].layers.iter().zip(&of_layers);
    let mut bases: Vec<PlacedBasis<'_, f32>> =
        bases.map(|(layer, basis)| PlacedBasis { params: &layer.params, columns: &layer.columns, basis }).collect();
    let (found, expected) = (device.second_moments(&bases).unwrap(), host.second_moments(&bases).unwrap());
    for (number, (found, expected)) in found.layers.iter().zip(&expected.layers).enumerate() {
        // Sums of one row and of one column.
        let longest = 5.0 * f64::from(f32::EPSILON) * ((found.nrows() + found.ncols()) as f64).sqrt();
        let tolerance = 2.0 * (tolerance + longest);
        assert_close(&what(&format!("moments of layer {number}")), &flat(found), &flat(expected), tolerance);
    }
    assert_eq!(found.layers.len(), expected.layers.len(), "{name}");
    diagonals(&found.diagonals, &expected.diagonals);
    bases.pop();
    assert!(device.second_moments(&bases).is_err() && host.second_moments(&bases).is_err(), "{name}");
}

/// One optimizer, for the CPU and for a device.
struct Both<D: Device> {
    name: &'static str,
    on_host: Box<dyn Optimizer<f32>>,
    on_device: Box<dyn Optimizer<f32, CudaEngine<D>>>,
}

impl<D: Device> Both<D> {
    fn new<O>(name: &'static str, optimizer: &O) -> Self
    where
        O: Optimizer<f32> + Optimizer<f32, CudaEngine<D>> + Clone + 'static,
    {
        Self { name, on_host: Box::new(optimizer.clone()), on_device: Box::new(optimizer.clone()) }
    }
}

/// Two epochs of two batches of two images and one of a single image, with the wanted optimizers.
fn training<D: Device>(name: &str, engine: &CudaEngine<D>, wanted: Wanted) {
    const BATCH: usize = 2;
    const DAMPING: f64 = 1.0;
    let graph = Arc::clone(engine.graph());
    let data = Data::of(&graph, 5);
    let cg = |variant| SecondOrder::<f32>::gauss_newton(variant).with_damping(DAMPING).with_cg(3, 0.0);
    let optimizers: [Both<D>; 7] = [
        Both::new("gauss-newton-cg", &cg(GgnVariant::Mean).with_momentum(0.5).with_weight_decay(0.01)),
        Both::new("natural gradient by CG", &{
            SecondOrder::<f32>::natural_gradient(FisherKind::Exact).with_damping(DAMPING).with_cg(2, 0.0)
        }),
        Both::new("gauss-newton-cg of the sum", &cg(GgnVariant::Sum).with_step_limit(0.1)),
        Both::new("published gauss-newton-cg", &cg(GgnVariant::Coupled).with_learning_rate(0.05)),
        Both::new("gauss-newton-cg with a line search", &{
            let adaptive = LevenbergMarquardt { least: 0.5, ..LevenbergMarquardt::default() };
            cg(GgnVariant::Mean).with_line_search(Armijo::default()).with_adaptive_damping(adaptive)
        }),
        Both::new("kfac", &{
            let kfac = Kfac::<f32>::new(0.1).with_damping(DAMPING).with_weight_decay(0.01).without_kl_clip();
            kfac.with_statistics_every(2).with_inverse_every(3).with_weight_sharing(WeightSharing::Reduce)
        }),
        Both::new("ekfac", &{
            Ekfac::<f32>::new(0.1).with_damping(DAMPING).with_statistics_every(2).with_inverse_every(3)
        }),
    ];
    let wanted = optimizers.into_iter().filter(|both| wanted(both.name));
    for Both { name: optimizer, mut on_host, mut on_device } in wanted {
        assert!(!on_device.repeats_its_calls());
        let loaded = engine.load(&data.pixels, &data.labels).unwrap();
        let mut device_params = engine.vector(&params(&graph)).unwrap();
        let mut epochs = engine.epochs(&loaded, BATCH).unwrap();
        let mut host_params = params(&graph);
        // Each step adds the rounding of a gradient, which the damped system passes on divided by the damping.
        let step = 3.0 * rounding(&graph, BATCH, 3) / DAMPING;
        for epoch in 0..2 {
            let order = Key::new(epoch).permutation(data.labels.len());
            let seen = epochs.run::<Failed>(&order, on_device.repeats_its_calls(), |batch| {
                Ok(on_device.step(engine, &mut device_params, batch)?)
            });
            let (seen, mut loss, mut accuracy) = (seen.unwrap(), 0.0, 0.0);
            for indices in order.chunks(BATCH) {
                let indices: Vec<usize> = indices.iter().map(|&i| i as usize).collect();
                let (images, labels) = data.rows(&indices);
                let batch = Batch::new(images.view(), &labels).unwrap();
                let report = on_host.step(&graph, &mut host_params, &batch).unwrap();
                loss += report.loss / 3.0;
                accuracy += report.correct as f64 / labels.len() as f64 / 3.0;
            }
            let (what, tolerance) = (format!("{name}, {optimizer}, epoch {epoch}"), 3.0 * (epoch + 1) as f64 * step);
            let found = engine.read(&device_params).unwrap();
            let moved: Vec<f32> = found.iter().zip(params(&graph)).map(|(p, before)| p - before).collect();
            assert!(moved.iter().any(|x| x.abs() > 1e-3), "{what}: no step");
            assert_close(&what, &found, &host_params, tolerance);
            assert!((seen.loss - loss).abs() < tolerance * loss, "{what}: {} and {loss}", seen.loss);
            assert!((seen.accuracy - accuracy).abs() < 1e-12, "{what}: {} and {accuracy}", seen.accuracy);
        }
        // A state of the device is a state of the CPU too, and the other way round.
        let state = on_device.state(engine).unwrap();
        on_host.restore(&graph, &state).unwrap();
        on_device.restore(engine, &on_host.state(&graph).unwrap()).unwrap();
        assert_eq!(on_device.state(engine).unwrap(), state, "{name}, {optimizer}");
    }
}

/// What is computed on the CPU only is refused by its name.
fn refusals<D: Device>(engine: &CudaEngine<D>) {
    let data = Data::of(engine.graph(), 2);
    let exact = SecondOrder::<f32>::gauss_newton(GgnVariant::Mean);
    let sampled = FisherKind::Sampled { samples: 1, seed: 0 };
    let cg = |kind| SecondOrder::<f32>::natural_gradient(kind).with_cg(2, 0.0);
    for (word, mut optimizer) in
        [("solver", exact), ("drawn targets", cg(sampled)), ("true labels", cg(FisherKind::Empirical))]
    {
        let loaded = engine.load(&data.pixels, &data.labels).unwrap();
        let mut vector = engine.vector(&params(engine.graph())).unwrap();
        let refused = engine
            .epochs(&loaded, 2)
            .unwrap()
            .run::<Failed>(&[0, 1], false, |batch| Ok(optimizer.step(engine, &mut vector, batch)?));
        match refused {
            Err(Failed::Step(error @ OptimError::OnCpuOnly { .. })) => {
                assert!(error.to_string().contains(word), "{error}");
            }
            other => panic!("{word}: {:?}", other.map(|_| ())),
        }
        assert_eq!(engine.read(&vector).unwrap(), params(engine.graph()), "{word}");
    }
    let mut vector = engine.vector(&params(engine.graph())).unwrap();
    assert!(engine.overwrite(&mut vector, vec![0.0; 3]).is_err());
    assert!(engine.descend_along(&mut vector, 0.1, &[0.0; 3]).is_err());
}
