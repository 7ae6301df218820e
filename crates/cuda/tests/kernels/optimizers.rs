//! SGD's and Adam's updates against minima-optim's, on a dense layer. Each step is one recording, replayed.

use super::arrays::{SINGLE, assert_close, by_feature, download, rows, stale, upload};
use minima_autodiff::{DecayRun, GraphBuilder};
use minima_cuda::ops::{Dense, SoftmaxCrossEntropy};
use minima_cuda::optim::{Adam, AdamState, Sgd};
use minima_cuda::{CudaError, Device, Slice};
use minima_optim::{Batch, Optimizer};

const IMAGES: usize = 9;
const INPUTS: usize = 7;
const CLASSES: usize = 4;
const STEPS: usize = 4;

/// Takes the same steps on the CPU and on the device. `update` is the device's update, given the parameters and their
/// gradient, and the runs of parameters with and without weight decay.
fn compare<D: Device>(
    device: &D,
    mut cpu: impl Optimizer<f32>,
    update: impl Fn(Slice<'_, D, f32>, Slice<'_, D, f32>, &[DecayRun]) -> Result<(), CudaError>,
) {
    let mut g = GraphBuilder::new(&[INPUTS]);
    let y = g.dense(g.input(), "Dense_0", CLASSES).unwrap();
    let graph = g.finish(y).unwrap();
    let images = rows(80, IMAGES, INPUTS);
    let labels: Vec<usize> = (0..IMAGES).map(|i| i % CLASSES).collect();
    let mut params: Vec<f32> = graph.init(81);
    // With a bias of zero, weight decay of the bias would not show in the first step.
    params[..CLASSES].fill(0.5);
    let runs = graph.decay_runs();
    assert_eq!(runs.len(), 2);

    let (dense, loss) =
        (Dense::new(INPUTS, CLASSES).unwrap(), SoftmaxCrossEntropy { images: IMAGES, classes: CLASSES });
    let x = upload(device, &by_feature(images.view()));
    let device_labels = upload(device, &labels.iter().map(|&y| y as u32).collect::<Vec<_>>());
    let (device_params, gradient) = (upload(device, &params), stale(device, params.len()));
    let (logits, residual) = (stale(device, IMAGES * CLASSES), stale(device, IMAGES * CLASSES));
    let recording = device
        .record(|| {
            let (x, labels) = (Slice::all(&x), Slice::all(&device_labels));
            let (params, gradient) = (Slice::all(&device_params), Slice::all(&gradient));
            let (logits, residual) = (Slice::all(&logits), Slice::all(&residual));
            dense.forward(device, IMAGES, x, params, logits, false)?;
            loss.residual(device, logits, labels, residual, 1.0 / IMAGES as f64)?;
            dense.vjp_params(device, IMAGES, x, residual, gradient)?;
            update(params, gradient, &runs)
        })
        .unwrap();
    for _ in 0..STEPS {
        cpu.step(&graph, &mut params, &Batch::new(images.view(), &labels).unwrap()).unwrap();
        device.replay(&recording).unwrap();
    }
    assert_close("parameters", &download(device, &device_params), &params, SINGLE);
}

/// Plain, with momentum, with Nesterov's momentum, and with weight decay.
pub fn sgd<D: Device>(device: &D) {
    for (momentum, nesterov, weight_decay) in
        [(0.0, false, 0.0), (0.0, false, 0.1), (0.9, false, 0.1), (0.9, true, 0.0)]
    {
        let mut cpu = minima_optim::Sgd::new(0.3).with_momentum(momentum).with_weight_decay(weight_decay);
        if nesterov {
            cpu = cpu.with_nesterov();
        }
        let op = Sgd { learning_rate: 0.3, momentum, nesterov, weight_decay };
        let velocity = upload(device, &[0.0; (INPUTS + 1) * CLASSES]);
        compare(device, cpu, |params, gradient, runs| op.update(device, params, gradient, Slice::all(&velocity), runs));
    }
}

/// Without and with weight decay.
pub fn adam<D: Device>(device: &D) {
    for weight_decay in [0.0, 0.1] {
        let cpu = minima_optim::Adam::new(0.03).with_weight_decay(weight_decay);
        let op = Adam { learning_rate: 0.03, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay };
        let (first, second) =
            (upload(device, &[0.0; (INPUTS + 1) * CLASSES]), upload(device, &[0.0; (INPUTS + 1) * CLASSES]));
        let steps = device.zeros::<u32>(1).unwrap();
        compare(device, cpu, |params, gradient, runs| {
            let (first, second, steps) = (Slice::all(&first), Slice::all(&second), Slice::all(&steps));
            op.update(device, params, gradient, &AdamState { first, second, steps }, runs)
        });
        assert_eq!(download(device, &steps), [STEPS as u32]);
    }
}
