//! The dense layer against the CPU's.

use super::arrays::{SINGLE, assert_close, by_column, by_feature, directions, download, normal, rows, stale, upload};
use super::conv2d::gated;
use minima_autodiff::{Graph, GraphBuilder};
use minima_cuda::ops::{Dense, Tangents};
use minima_cuda::{Columns, Device, Slice, Write};
use ndarray::{Array2, Array3, Axis};

/// A network of one layer, its counterpart on the device, and numbers to test them with.
struct Trial {
    name: String,
    graph: Graph,
    op: Dense,
    columns: Columns,
    params: Vec<f32>,
    images: Array2<f32>,
    cotangents: Array3<f32>,
}

impl Trial {
    fn all() -> impl Iterator<Item = Self> {
        [(1, 1, 1, 1), (17, 5, 5, 3), (98, 16, 33, 3), (16, 10, 130, 3), (33, 7, 1, 1), (5, 34, 64, 1)].into_iter().map(
            |(inputs, outputs, images, count)| {
                let mut g = GraphBuilder::new(&[inputs]);
                let y = g.dense(g.input(), "Dense_0", outputs).unwrap();
                let graph = g.finish(y).unwrap();
                let op = Dense::new(inputs, outputs).unwrap();
                assert_eq!(op.params(), graph.parameter_count());
                Self {
                    name: format!("{inputs} to {outputs}, {images} images, {count} directions"),
                    op,
                    columns: Columns { images, directions: count },
                    params: normal(20, op.params()),
                    images: rows(21, images, inputs),
                    cotangents: directions(22, (count, images, outputs)),
                    graph,
                }
            },
        )
    }
}

/// Forward, with and without the rectifier.
pub fn forward<D: Device>(device: &D) {
    for t in Trial::all() {
        let expected = t.graph.logits(&t.params, t.images.view()).unwrap();
        let (x, params) = (upload(device, &by_feature(t.images.view())), upload(device, &t.params));
        for relu in [false, true] {
            let y = stale(device, expected.len());
            let (x, params, to) = (Slice::all(&x), Slice::all(&params), Slice::all(&y));
            t.op.forward(device, t.columns.images, x, params, to, relu).unwrap();
            let expected = expected.mapv(|y| if relu { y.max(0.0) } else { y });
            assert_close(&t.name, &download(device, &y), &by_feature(expected.view()), SINGLE);
        }
    }
}

/// The cotangent of the input: stored, gated and added.
pub fn vjp_input<D: Device>(device: &D) {
    for t in Trial::all() {
        let at = t.graph.linearize(&t.params, t.images.view()).unwrap();
        let mut expected = Array3::zeros((t.columns.directions, t.columns.images, t.graph.features()));
        for (w, mut to) in t.cotangents.outer_iter().zip(expected.outer_iter_mut()) {
            to.assign(&at.vjp_input(w).unwrap());
        }
        let (params, dy) = (upload(device, &t.params), upload(device, &by_column(t.cotangents.view())));
        let (params, dy) = (Slice::all(&params), Slice::all(&dy));
        let dx = stale(device, expected.len());
        t.op.vjp_input(device, t.columns, params, dy, Slice::all(&dx), Write::Store, None).unwrap();
        assert_close(&t.name, &download(device, &dx), &by_column(expected.view()), SINGLE);
        let gate = upload(device, &by_feature(t.images.view()));
        let gate = Some(Slice::all(&gate));
        t.op.vjp_input(device, t.columns, params, dy, Slice::all(&dx), Write::Add, gate).unwrap();
        let mut again = expected.clone();
        gated(&mut again, &t.images);
        assert_close(&t.name, &download(device, &dx), &by_column((expected + again).view()), SINGLE);
    }
}

/// Tangents of the input, of the parameters, and of both.
pub fn jvp<D: Device>(device: &D) {
    for t in Trial::all() {
        let at = t.graph.linearize(&t.params, t.images.view()).unwrap();
        let (count, images) = (t.columns.directions, t.columns.images);
        let (dx, dparams) = (directions(23, (count, images, t.graph.features())), rows(24, count, t.op.params()));
        let gate = rows(25, images, t.graph.classes());
        let (x, params) = (upload(device, &by_feature(t.images.view())), upload(device, &t.params));
        let device_dx = upload(device, &by_column(dx.view()));
        let device_dparams = upload(device, dparams.as_slice().unwrap());
        let device_gate = upload(device, &by_feature(gate.view()));
        for (of_input, of_params) in [(true, false), (false, true), (true, true), (false, false)] {
            let mut expected = Array3::zeros((count, images, t.graph.classes()));
            for (k, mut to) in expected.outer_iter_mut().enumerate() {
                let (dparams, dx) = (dparams.row(k), dx.index_axis(Axis(0), k));
                let dparams = dparams.as_slice().filter(|_| of_params);
                to.assign(&at.jvp(dparams, of_input.then_some(dx)).unwrap());
            }
            gated(&mut expected, &gate);
            let tangents = Tangents {
                input: of_input.then_some(Slice::all(&device_dx)),
                params: of_params.then_some((Slice::all(&device_dparams), t.op.params())),
            };
            let dy = stale(device, expected.len());
            let (x, params, gate) = (Slice::all(&x), Slice::all(&params), Some(Slice::all(&device_gate)));
            t.op.jvp(device, t.columns, x, params, &tangents, Slice::all(&dy), gate).unwrap();
            assert_close(&t.name, &download(device, &dy), &by_column(expected.view()), SINGLE);
        }
    }
}

/// The gradient summed over the images, and the gradient of every column.
pub fn gradients<D: Device>(device: &D) {
    for t in Trial::all() {
        let at = t.graph.linearize(&t.params, t.images.view()).unwrap();
        let x = upload(device, &by_feature(t.images.view()));
        let w = t.cotangents.index_axis(Axis(0), 0);
        let (dy, gradient) = (upload(device, &by_feature(w)), stale(device, t.op.params()));
        let to = Slice::all(&gradient);
        t.op.vjp_params(device, t.columns.images, Slice::all(&x), Slice::all(&dy), to).unwrap();
        assert_close(&t.name, &download(device, &gradient), &at.vjp(w).unwrap(), SINGLE);

        let mut expected = Array3::zeros((t.columns.directions, t.columns.images, t.op.params()));
        for (w, mut to) in t.cotangents.outer_iter().zip(expected.outer_iter_mut()) {
            to.assign(&at.per_sample_gradients(w).unwrap());
        }
        let dy = upload(device, &by_column(t.cotangents.view()));
        let gradients = stale(device, expected.len());
        let to = Slice::all(&gradients);
        t.op.per_sample_gradients(device, t.columns, Slice::all(&x), Slice::all(&dy), to).unwrap();
        assert_close(&t.name, &download(device, &gradients), &by_column(expected.view()), SINGLE);
    }
}
