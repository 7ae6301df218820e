//! What the CPU computes for a network in either precision, and how far a device's numbers may be from it.

use super::rounding::rounding;
use super::{Data, params};
use minima_autodiff::softmax_cross_entropy::gradient_into;
use minima_autodiff::{Batch, Classifier, Differentiable, Graph, Model, Scalar};
use minima_curvature::{Ggn, GgnVariant, Hessian, LinearOperator, Objective};
use minima_rng::Key;
use ndarray::Array2;
use std::sync::Arc;

/// Times the error of the CPU's own single precision. Two programs that round the same expressions differently have errors of one
/// distribution.
const OF_OWN_ERROR: f64 = 5.0;

/// A result on the CPU.
struct Numbers {
    what: &'static str,
    /// The passes over the network that lead to it, one after another.
    passes: usize,
    numbers: Vec<f64>,
}

/// The directions of tangents and products: of the parameters, and of the images.
pub struct Directions {
    pub params: Vec<f32>,
    pub images: Array2<f32>,
}

impl Directions {
    pub fn of(graph: &Graph, images: &Array2<f32>) -> Self {
        let params = Key::new(8).normal(graph.parameter_count());
        let of_images = Array2::from_shape_vec(images.raw_dim(), Key::new(9).normal(images.len())).unwrap();
        Self { params, images: of_images }
    }
}

fn widened<T: Scalar>(numbers: &[f32]) -> Vec<T> {
    numbers.iter().map(|&x| T::from_f64(f64::from(x))).collect()
}

fn rows<T: Scalar>(numbers: &Array2<f32>) -> Array2<T> {
    numbers.mapv(|x| T::from_f64(f64::from(x)))
}

/// The derivatives of a network in the precision `T`.
fn derivatives<T: Scalar>(graph: &Arc<Graph>, data: &Data, along: &Directions) -> Vec<Numbers> {
    let mut all = Vec::new();
    let mut add = |what, passes, numbers: Vec<T>| {
        all.push(Numbers { what, passes, numbers: numbers.into_iter().map(T::as_f64).collect() });
    };
    let flat = |a: Array2<T>| a.into_raw_vec_and_offset().0;
    let host = Model::<T>::new(Arc::clone(graph), widened(&params(graph))).unwrap();
    let (images, labels) = (rows::<T>(&data.images), &data.labels);
    let cotangent = |i: usize, logits: &[T], out: &mut [T]| gradient_into(logits, labels[i], T::one(), out);
    let (logits, of_input) = host.logits_and_input_vjp(images.view(), &cotangent).unwrap();
    add("logits", 1, flat(logits));
    add("input gradient", 2, flat(of_input));
    add("gradient", 2, Differentiable::logits_and_vjp(&host, images.view(), &cotangent).unwrap().1);
    let (direction, tangents) = (widened::<T>(&along.params), rows::<T>(&along.images));
    let at = graph.linearize(host.params(), images.view()).unwrap();
    add("jvp", 2, flat(at.jvp(Some(&direction), Some(tangents.view())).unwrap()));
    let batch = Batch::new(images.view(), labels).unwrap();
    let objective = Objective::of_batch(graph, host.params(), batch).unwrap();
    add("mean gradient", 2, objective.gradient().unwrap());
    add("Gauss-Newton product", 3, Ggn::new(&objective, GgnVariant::Mean).unwrap().apply(&direction).unwrap());
    add("Hessian product", 4, Hessian::new(&objective).apply(&direction).unwrap());
    all
}

/// The kernel `J Jᵀ` in the precision `T`.
fn kernel<T: Scalar>(graph: &Graph, data: &Data) -> Vec<f64> {
    let numbers = widened::<T>(&params(graph));
    let kernel = graph.linearize(&numbers, rows::<T>(&data.images).view()).unwrap().kernel().unwrap();
    kernel.iter().map(|&x| x.as_f64()).collect()
}

/// Fails unless a device's derivatives, in the order of [`derivatives`], are close to exact ones.
#[track_caller]
pub fn check_derivatives(name: &str, graph: &Arc<Graph>, data: &Data, along: &Directions, found: &[Vec<f32>]) {
    let (exact, single) = (derivatives::<f64>(graph, data, along), derivatives::<f32>(graph, data, along));
    assert_eq!(found.len(), exact.len(), "{name}");
    for ((exact, single), found) in exact.iter().zip(&single).zip(found) {
        let what = format!("{name}, {} images: {}", data.labels.len(), exact.what);
        let tolerance = rounding(graph, data.labels.len(), exact.passes);
        check(&what, found, &exact.numbers, &single.numbers, tolerance);
    }
}

/// Fails unless a device's kernel `J Jᵀ` is close to the exact one. A product of two gradients has the relative errors of both.
#[track_caller]
pub fn check_kernel(name: &str, graph: &Graph, data: &Data, found: &[f32]) {
    let tolerance = 2.0 * rounding(graph, data.labels.len(), 2);
    check(&format!("{name}: kernel"), found, &kernel::<f64>(graph, data), &kernel::<f32>(graph, data), tolerance);
}

/// Fails unless the relative error of `found` is below the rounding of sums, if the network amplifies no error, plus a multiple of
/// the error of the CPU's single precision, which shows how much the network does.
#[track_caller]
fn check(what: &str, found: &[f32], exact: &[f64], single: &[f64], rounding: f64) {
    assert_eq!((found.len(), single.len()), (exact.len(), exact.len()), "{what}");
    let size: f64 = exact.iter().map(|x| x * x).sum();
    let error = |numbers: &mut dyn Iterator<Item = f64>| {
        (numbers.zip(exact).map(|(x, exact)| (x - exact).powi(2)).sum::<f64>() / size).sqrt()
    };
    let own = error(&mut single.iter().copied());
    let (error, tolerance) = (error(&mut found.iter().map(|&x| f64::from(x))), rounding + OF_OWN_ERROR * own);
    if std::env::var_os("MINIMA_PRINT_ERRORS").is_some() {
        eprintln!("{what}: error {error:.1e}, the CPU's {own:.1e}, rounding {rounding:.1e}");
    }
    assert!(error < tolerance, "{what}: relative error {error:e}, tolerance {tolerance:e}");
    assert!(tolerance < 1e-3, "{what}: a tolerance of {tolerance:e} would hide a wrong number");
}
