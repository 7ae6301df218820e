//! The networks of the zoo in small sizes: derivatives, and training step by step, against the CPU's curves.

use super::operations::{derivatives, kernel};
use super::{Data, Failed, assert_close, params};
use minima_autodiff::{Batch, Graph};
use minima_cuda::engine::check_supported;
use minima_cuda::{CudaEngine, Device};
use minima_network::NetworkSpec;
use minima_optim::{Adam, GaussNewton, Optimizer, Sgd};
use minima_rng::Key;
use std::sync::Arc;

/// The parameters and losses of six steps of training: some ten thousand roundings in single precision a step, in another order, through
/// twenty layers.
const TOLERANCE: f64 = 3e-4;

fn small(name: &str, options: &[(&str, i64)], input: [usize; 3]) -> Graph {
    NetworkSpec::named(name, options).unwrap().with_input(input.to_vec()).with_classes(3).graph().unwrap()
}

/// All tests, each on a device that is opened anew.
pub fn check<D: Device>(open: &dyn Fn() -> D) {
    for name in NetworkSpec::names() {
        check_supported(&NetworkSpec::named(name, &[]).unwrap().graph().unwrap()).unwrap();
    }
    let networks = [
        ("resnet20", small("resnet20", &[("width", 8)], [4, 4, 2])),
        ("vit", small("vit", &[("width", 8), ("hidden", 12), ("depth", 1), ("heads", 2)], [8, 8, 2])),
        ("mlp", small("mlp", &[("width", 9)], [5, 5, 1])),
    ];
    for (name, graph) in networks {
        eprintln!("{name}");
        let engine = CudaEngine::new(open(), Arc::new(graph)).unwrap();
        derivatives(name, &engine, 2);
        kernel(name, &engine);
        training(name, &engine);
    }
}

/// Two epochs of two whole batches, of which the second is recorded and later ones replay it, and a smaller one, with three
/// optimizers.
fn training<D: Device>(name: &str, engine: &CudaEngine<D>) {
    type OnHost = Box<dyn Optimizer<f32>>;
    type OnDevice<D> = Box<dyn Optimizer<f32, CudaEngine<D>>>;
    const BATCH: usize = 2;
    let graph = Arc::clone(engine.graph());
    let data = Data::of(&graph, 5);
    let gauss_newton = GaussNewton::mean().with_damping(0.5).with_learning_rate(0.3);
    let optimizers: [(&str, OnHost, OnDevice<D>); 3] = [
        ("sgd", Box::new(Sgd::new(0.05).with_momentum(0.9)), Box::new(Sgd::new(0.05).with_momentum(0.9))),
        ("adam", Box::new(Adam::new(0.003).with_epsilon(1e-3)), Box::new(Adam::new(0.003).with_epsilon(1e-3))),
        ("gauss-newton", Box::new(gauss_newton), Box::new(gauss_newton)),
    ];
    for (optimizer, mut on_host, mut on_device) in optimizers {
        let loaded = engine.load(&data.pixels, &data.labels).unwrap();
        let mut device_params = engine.vector(&params(&graph)).unwrap();
        let mut epochs = engine.epochs(&loaded, BATCH).unwrap();
        let mut host_params = params(&graph);
        for epoch in 0..2 {
            let order = Key::new(epoch).permutation(data.labels.len());
            let seen = epochs.run::<Failed>(&order, on_device.repeats_its_calls(), |batch| {
                Ok(on_device.step(engine, &mut device_params, batch)?)
            });
            let seen = seen.unwrap();
            let mut loss = 0.0;
            for indices in order.chunks(BATCH) {
                let indices: Vec<usize> = indices.iter().map(|&i| i as usize).collect();
                let (images, labels) = data.rows(&indices);
                let batch = Batch::new(images.view(), &labels).unwrap();
                loss += on_host.step(&graph, &mut host_params, &batch).unwrap().loss / 3.0;
            }
            let what = format!("{name}, {optimizer}, epoch {epoch}");
            assert!((seen.loss - loss).abs() < TOLERANCE * loss, "{what}: {} and {loss}", seen.loss);
            assert_close(&what, &engine.read(&device_params).unwrap(), &host_params, TOLERANCE);
        }
    }
}
