//! The four products with a graph's Jacobian, and their second derivatives, against central differences and against
//! each other.

use super::agreement::assert_close;
use super::draw;
use minima_autodiff::Graph;
use ndarray::{Array2, Axis};

/// The step of the differences. Between kinks the networks of these tests are polynomials of low degree, so the
/// differences' truncation error is of order H² = 1e-10, and rounding adds ε/H = 2e-11.
const H: f64 = 1e-5;
/// Relative; a hundred times the error derived above, because outputs can be larger than their slopes.
const DIFFERENCES: f64 = 1e-8;
/// Both sides of an inner product round a few hundred times, at 1e-16 each.
const ADJOINT: f64 = 1e-12;

/// Batch sizes that fill blocks of 16 images, and sizes that do not.
pub(crate) const BATCHES: [usize; 5] = [1, 15, 16, 17, 33];

/// Both checks: differences on the first images, and inner products on batches of several sizes.
pub(crate) fn check(what: &str, graph: &Graph, params: &[f64], images: &Array2<f64>) {
    check_within(DIFFERENCES, what, graph, params, images);
}

/// Both checks, with another tolerance of the differences.
pub(crate) fn check_within(tolerance: f64, what: &str, graph: &Graph, params: &[f64], images: &Array2<f64>) {
    differences(tolerance, what, graph, params, &rows(images, 3));
    for size in BATCHES {
        adjoint(what, graph, params, &rows(images, size));
    }
}

/// Both checks along single directions only, with another tolerance: for networks with many parameters.
pub(crate) fn check_directions(tolerance: f64, what: &str, graph: &Graph, params: &[f64], images: &Array2<f64>) {
    directions(tolerance, what, graph, params, &rows(images, 3));
    for size in BATCHES {
        adjoint(what, graph, params, &rows(images, size));
    }
}

/// The first rows.
pub(crate) fn rows(images: &Array2<f64>, count: usize) -> Array2<f64> {
    let indices: Vec<usize> = (0..count).collect();
    images.select(Axis(0), &indices)
}

/// vjp and jvp, with respect to parameters and input, against central differences of the logits.
fn differences(tolerance: f64, what: &str, graph: &Graph, params: &[f64], images: &Array2<f64>) {
    let at = graph.linearize(params, images.view()).unwrap();
    let logits = |p: &[f64], x: &Array2<f64>| graph.logits(p, x.view()).unwrap();
    assert_eq!(at.logits(), logits(params, images), "{what}: logits");
    let w = draw::matrix(11, at.logits().dim());

    let slopes: Vec<f64> = (0..params.len())
        .map(|j| {
            let moved = |step: f64| {
                let mut p = params.to_vec();
                p[j] += step;
                logits(&p, images)
            };
            (&w * &(moved(H) - moved(-H))).sum() / (2.0 * H)
        })
        .collect();
    assert_close(&format!("{what}: vjp to parameters"), &at.vjp(w.view()).unwrap(), &slopes, tolerance);

    // Images do not affect each other, so one feature of all images can be changed at once.
    let mut slopes = Array2::zeros(images.raw_dim());
    for (j, mut slopes) in slopes.columns_mut().into_iter().enumerate() {
        let moved = |step: f64| {
            let mut x = images.clone();
            x.column_mut(j).mapv_inplace(|v| v + step);
            logits(params, &x)
        };
        slopes.assign(&((&w * &(moved(H) - moved(-H))).sum_axis(Axis(1)) / (2.0 * H)));
    }
    assert_close(&format!("{what}: vjp to input"), &at.vjp_input(w.view()).unwrap(), &slopes, tolerance);
    directions(tolerance, what, graph, params, images);
}

/// jvp and the vjp along a direction, against central differences of the logits and of the vjp.
fn directions(tolerance: f64, what: &str, graph: &Graph, params: &[f64], images: &Array2<f64>) {
    let at = graph.linearize(params, images.view()).unwrap();
    let logits = |p: &[f64], x: &Array2<f64>| graph.logits(p, x.view()).unwrap();
    let w = draw::matrix(11, at.logits().dim());
    let v = draw::normal(12, params.len());
    let moved = |step: f64| logits(&params.iter().zip(&v).map(|(p, v)| p + step * v).collect::<Vec<_>>(), images);
    let slope = (moved(H) - moved(-H)) / (2.0 * H);
    assert_close(&format!("{what}: jvp from parameters"), &at.jvp(Some(&v), None).unwrap(), &slope, tolerance);

    // w(t) = w + t · 3 J v, whose tangent differs from J v, so that a mixed-up pair of tangents is detected.
    let vjp = |step: f64| {
        let p: Vec<f64> = params.iter().zip(&v).map(|(p, v)| p + step * v).collect();
        graph.linearize(&p, images.view()).unwrap().vjp(w.view()).unwrap()
    };
    let of_cotangents = at.vjp((3.0 * &at.jvp(Some(&v), None).unwrap()).view()).unwrap();
    let slope = vjp(H).into_iter().zip(vjp(-H)).map(|(above, below)| (above - below) / (2.0 * H));
    let slope: Vec<f64> = slope.zip(of_cotangents).map(|(moved, w)| moved + w).collect();
    let tripled = |_: usize, tangent: &[f64], out: &mut [f64]| {
        out.iter_mut().zip(tangent).for_each(|(out, t)| *out = 3.0 * t);
    };
    let along = at.vjp_along(&v, w.view(), &tripled).unwrap();
    assert_close(&format!("{what}: vjp along parameters"), &along, &slope, tolerance);

    let v = draw::matrix(13, images.dim());
    let slope = (logits(params, &(images + &(&v * H))) - logits(params, &(images - &(&v * H)))) / (2.0 * H);
    assert_close(&format!("{what}: jvp from input"), &at.jvp(None, Some(v.view())).unwrap(), &slope, tolerance);
}

/// `⟨u, J v⟩ = ⟨Jᵀ u, v⟩`, relative to `‖u‖ ‖J v‖`.
fn adjoint(what: &str, graph: &Graph, params: &[f64], images: &Array2<f64>) {
    let at = graph.linearize(params, images.view()).unwrap();
    let u = draw::matrix(21, at.logits().dim());
    let norm = |a: &Array2<f64>| (a * a).sum().sqrt();

    let v = draw::normal(22, params.len());
    let jv = at.jvp(Some(&v), None).unwrap();
    let pulled: f64 = at.vjp(u.view()).unwrap().iter().zip(&v).map(|(g, v)| g * v).sum();
    let gap = ((&u * &jv).sum() - pulled).abs();
    assert!(gap <= ADJOINT * norm(&u) * norm(&jv), "{what}, {} images, parameters: {gap:e}", images.nrows());

    let v = draw::matrix(23, images.dim());
    let jv = at.jvp(None, Some(v.view())).unwrap();
    let pulled = (&at.vjp_input(u.view()).unwrap() * &v).sum();
    let gap = ((&u * &jv).sum() - pulled).abs();
    assert!(gap <= ADJOINT * norm(&u) * norm(&jv), "{what}, {} images, input: {gap:e}", images.nrows());
}
