//! An optimizer that is restored from another optimizer's state takes the same steps, bit for bit.

use minima_autodiff::{Conv2dSpec, DenseSpec, Graph, GraphBuilder, Initializer};
use minima_optim::{
    Adam, Armijo, Batch, Ekfac, GaussNewton, GgnVariant, Kfac, LevenbergMarquardt, Muon, OptimError, Optimizer,
    OptimizerState, Sam, SecondOrder, Sgd,
};
use minima_rng::Key;
use ndarray::{Array2, ArrayD};

fn graph() -> Graph {
    let mut g = GraphBuilder::new(&[4, 4, 1]);
    let x = g.conv2d(g.input(), "Conv_0", Conv2dSpec::same(2, 3)).unwrap();
    let x = g.relu(x);
    let x = g.flatten(x);
    let x = g.dense(x, "Dense_0", 3).unwrap();
    g.finish(x).unwrap()
}

/// A network with an embedding, token-wise layers and layers without bias.
fn token_graph() -> Graph {
    let without_bias = DenseSpec { bias: false, ..DenseSpec::new(3) };
    let mut g = GraphBuilder::new(&[4, 4]);
    let x = g.dense_on_last_axis(g.input(), "Dense_0", &without_bias).unwrap();
    let positions = g.embedding("positions", &[4, 3], Initializer::Normal { deviation: 0.1 }).unwrap();
    let x = g.add(x, positions).unwrap();
    let x = g.relu(x);
    let x = g.dense_on_last_axis(x, "Dense_1", &DenseSpec::new(2)).unwrap();
    let x = g.flatten(x);
    let x = g.dense_on_last_axis(x, "Dense_2", &without_bias).unwrap();
    g.finish(x).unwrap()
}

/// Batch number `step`.
fn batch(step: u32) -> (Array2<f32>, Vec<usize>) {
    let key = Key::new(7).fold_in(step);
    let images = Array2::from_shape_vec((6, 16), key.uniform(96)).unwrap();
    (images, (0..6).map(|i| (i + step as usize) % 3).collect())
}

fn step(graph: &Graph, optimizer: &mut dyn Optimizer<f32>, params: &mut Vec<f32>, number: u32) {
    let (images, labels) = batch(number);
    optimizer.step(graph, params, &Batch::new(images.view(), &labels).unwrap()).unwrap();
}

type Build = fn() -> Box<dyn Optimizer<f32>>;

/// Every optimizer with its complete memory.
const OPTIMIZERS: [(&str, Build); 10] = [
    ("sgd", || Box::new(Sgd::new(0.1))),
    ("momentum", || Box::new(Sgd::new(0.1).with_momentum(0.9).with_nesterov())),
    ("adam", || Box::new(Adam::new(0.01).with_weight_decay(0.01))),
    ("sam", || Box::new(Sam::new(Adam::<f32>::new(0.01), 0.05))),
    ("muon", || Box::new(Muon::new(0.05, Adam::<f32>::new(0.01)).with_weight_decay(0.01))),
    ("gauss-newton", || Box::new(GaussNewton::mean())),
    ("gauss-newton-cg", || {
        let cg = SecondOrder::gauss_newton(GgnVariant::Mean).with_cg(5, 1e-6).with_momentum(0.5);
        Box::new(cg.with_line_search(Armijo::default()).with_adaptive_damping(LevenbergMarquardt::default()))
    }),
    ("kfac", || Box::new(Kfac::new(0.05).with_statistics_every(3).with_inverse_every(5).with_seed(3))),
    ("ekfac", || Box::new(Ekfac::new(0.05).with_statistics_every(3).with_inverse_every(5).with_seed(3))),
    ("emulated", || {
        Box::new(minima_optim::EmulatedGaussNewton::new(GgnVariant::Coupled, minima_optim::Arithmetic::Tf32))
    }),
];

#[test]
fn a_restored_optimizer_goes_on_bit_for_bit() {
    [graph(), token_graph()].iter().for_each(goes_on_bit_for_bit);
}

fn goes_on_bit_for_bit(graph: &Graph) {
    for (name, build) in OPTIMIZERS {
        let (mut whole, mut params) = (build(), graph.init::<f32>(42));
        let mut stops: Vec<(u32, Vec<f32>, OptimizerState)> = Vec::new();
        for number in 0..14 {
            stops.push((number, params.clone(), whole.state(graph).unwrap()));
            step(graph, whole.as_mut(), &mut params, number);
        }
        for (stop, mut resumed_params, state) in stops {
            let mut resumed = build();
            resumed.restore(graph, &state).unwrap();
            assert_eq!(resumed.state(graph).unwrap(), state, "{name}, stopped after {stop} steps");
            for number in stop..14 {
                step(graph, resumed.as_mut(), &mut resumed_params, number);
            }
            let bits = |params: &[f32]| params.iter().map(|p| p.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&resumed_params), bits(&params), "{name}, stopped after {stop} steps");
            let last = (resumed.state(graph).unwrap(), whole.state(graph).unwrap());
            assert_eq!(last.0, last.1, "{name}, stopped after {stop} steps");
        }
    }
}

#[test]
fn states_of_something_else_are_refused_and_change_nothing() {
    [graph(), token_graph()].iter().for_each(refused_and_change_nothing);
}

fn refused_and_change_nothing(graph: &Graph) {
    for (name, build) in OPTIMIZERS {
        let (mut optimizer, mut params) = (build(), graph.init::<f32>(42));
        for number in 0..6 {
            step(graph, optimizer.as_mut(), &mut params, number);
        }
        let state = optimizer.state(graph).unwrap();
        for tensor in state.tensors.keys() {
            let mut gone = state.clone();
            gone.tensors.remove(tensor);
            let mut other = state.clone();
            let shape: Vec<usize> = state.tensors[tensor].shape().iter().map(|n| n + 1).collect();
            other.tensors.insert(tensor.clone(), ArrayD::<f64>::zeros(shape).into());
            let mut no_number = state.clone();
            let mut numbers = state.tensors[tensor].numbers::<f64>();
            numbers.iter_mut().take(1).for_each(|x| *x = f64::NAN);
            no_number.tensors.insert(tensor.clone(), numbers.into());
            for (kind, broken) in [("gone", gone), ("misshapen", other), ("NaN", no_number)] {
                if kind == "NaN" && state.tensors[tensor].shape().contains(&0) {
                    continue;
                }
                let error = optimizer.restore(graph, &broken).expect_err(&format!("{name}: {tensor} {kind}"));
                assert!(matches!(error, OptimError::State { .. } | OptimError::Autodiff(_) | OptimError::Curvature(_)));
                assert_eq!(optimizer.state(graph).unwrap(), state, "{name}: {tensor} {kind}");
            }
        }
        for number in state.numbers.keys() {
            for value in [None, Some(-1.5), Some(f64::NAN)] {
                let mut broken = state.clone();
                match value {
                    Some(value) => broken.numbers.insert(number.clone(), value),
                    None => broken.numbers.remove(number),
                };
                // An invalid damping is reported by the next step.
                if number != "damping" || value.is_none_or(f64::is_nan) {
                    assert!(optimizer.restore(graph, &broken).is_err(), "{name}: {number} {value:?}");
                }
            }
        }
    }
}
