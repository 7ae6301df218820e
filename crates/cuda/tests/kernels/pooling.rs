//! Pooling against the CPU's.

use super::arrays::{SINGLE, assert_close, by_column, by_feature, directions, download, rows, stale, upload};
use super::conv2d::gated;
use minima_autodiff::{Graph, GraphBuilder};
use minima_cuda::ops::{AvgPool2d, MaxPool2d, PoolWindow};
use minima_cuda::{Columns, Device, Slice, Write};
use ndarray::{Array2, Array3};

/// A network of one pooling, its window, and numbers to test it with.
struct Trial {
    name: String,
    graph: Graph,
    window: PoolWindow,
    columns: Columns,
    images: Array2<f32>,
    cotangents: Array3<f32>,
    tangents: Array3<f32>,
}

impl Trial {
    fn all(maximum: bool) -> Vec<Self> {
        [
            ([8, 8, 4], [2, 2], [2, 2], 33, 3),
            ([7, 5, 3], [2, 2], [2, 2], 5, 3),
            ([6, 6, 2], [3, 3], [1, 1], 5, 1),
            ([7, 9, 1], [3, 2], [2, 3], 130, 3),
            ([5, 4, 5], [1, 3], [3, 1], 1, 1),
            ([3, 4, 7], [3, 4], [1, 1], 33, 1),
        ]
        .into_iter()
        .map(|(input, size, stride, images, count)| {
            let mut g = GraphBuilder::new(&input);
            let x = g.input();
            let y = if maximum { g.max_pool2d(x, size, stride) } else { g.avg_pool2d(x, size, stride) };
            let y = g.flatten(y.unwrap());
            let graph = g.finish(y).unwrap();
            // Multiples of one half, many of which are equal: the first maximum counts.
            let pixels = rows(7, images, graph.features()).mapv(|x| (2.0 * x).round() / 2.0);
            Self {
                name: format!("{size:?}, {stride:?} apart, on {input:?}, {images} images, {count} directions"),
                window: PoolWindow::new(size, stride, input).unwrap(),
                columns: Columns { images, directions: count },
                images: pixels,
                cotangents: directions(8, (count, images, graph.classes())),
                tangents: directions(9, (count, images, graph.features())),
                graph,
            }
        })
        .collect()
    }

    /// The CPU's logits, vjp and jvp.
    fn expected(&self) -> (Array2<f32>, Array3<f32>, Array3<f32>) {
        let at = self.graph.linearize(&[], self.images.view()).unwrap();
        let (mut vjp, mut jvp) = (self.tangents.clone(), self.cotangents.clone());
        for (w, mut to) in self.cotangents.outer_iter().zip(vjp.outer_iter_mut()) {
            to.assign(&at.vjp_input(w).unwrap());
        }
        for (v, mut to) in self.tangents.outer_iter().zip(jvp.outer_iter_mut()) {
            to.assign(&at.jvp(None, Some(v)).unwrap());
        }
        (at.logits().to_owned(), vjp, jvp)
    }
}

/// Means: forward, vjp (stored, gated, added) and jvp, with the rectifier.
pub fn avg_pool2d<D: Device>(device: &D) {
    for t in Trial::all(false) {
        let op = AvgPool2d(t.window);
        let (mut y, mut vjp, mut jvp) = t.expected();
        gated(&mut jvp, &y);
        let x = upload(device, &by_feature(t.images.view()));
        let value = stale(device, y.len());
        op.forward(device, t.columns.images, Slice::all(&x), Slice::all(&value), true).unwrap();
        y.mapv_inplace(|y| y.max(0.0));
        assert_close(&t.name, &download(device, &value), &by_feature(y.view()), SINGLE);

        let (dy, dx) = (upload(device, &by_column(t.cotangents.view())), stale(device, vjp.len()));
        op.vjp(device, t.columns, Slice::all(&dy), Slice::all(&dx), Write::Store, None).unwrap();
        assert_close(&t.name, &download(device, &dx), &by_column(vjp.view()), SINGLE);
        let gate = Some(Slice::all(&x));
        op.vjp(device, t.columns, Slice::all(&dy), Slice::all(&dx), Write::Add, gate).unwrap();
        let all = vjp.clone();
        gated(&mut vjp, &t.images);
        assert_close(&t.name, &download(device, &dx), &by_column((all + vjp).view()), SINGLE);

        let (dx, dy) = (upload(device, &by_column(t.tangents.view())), stale(device, jvp.len()));
        let gate = Some(Slice::all(&value));
        op.jvp(device, t.columns, Slice::all(&dx), Slice::all(&dy), gate).unwrap();
        assert_close(&t.name, &download(device, &dy), &by_column(jvp.view()), SINGLE);
    }
}

/// Maxima: forward, vjp (stored, gated, added) and jvp, with ties.
pub fn max_pool2d<D: Device>(device: &D) {
    for t in Trial::all(true) {
        let op = MaxPool2d(t.window);
        let (y, mut vjp, jvp) = t.expected();
        let x = upload(device, &by_feature(t.images.view()));
        let value = stale(device, y.len());
        op.forward(device, t.columns.images, Slice::all(&x), Slice::all(&value)).unwrap();
        assert_close(&t.name, &download(device, &value), &by_feature(y.view()), SINGLE);

        let (dy, dx) = (upload(device, &by_column(t.cotangents.view())), stale(device, vjp.len()));
        let (x, y, dy) = (Slice::all(&x), Slice::all(&value), Slice::all(&dy));
        op.vjp(device, t.columns, x, y, dy, Slice::all(&dx), Write::Store, false).unwrap();
        assert_close(&t.name, &download(device, &dx), &by_column(vjp.view()), SINGLE);
        op.vjp(device, t.columns, x, y, dy, Slice::all(&dx), Write::Add, true).unwrap();
        let all = vjp.clone();
        gated(&mut vjp, &t.images);
        assert_close(&t.name, &download(device, &dx), &by_column((all + vjp).view()), SINGLE);

        let (dx, dy) = (upload(device, &by_column(t.tangents.view())), stale(device, jvp.len()));
        op.jvp(device, t.columns, x, y, Slice::all(&dx), Slice::all(&dy)).unwrap();
        assert_close(&t.name, &download(device, &dy), &by_column(jvp.view()), SINGLE);
    }
}

/// A NaN is the maximum of its window, and passes no cotangent.
pub fn nan_is_the_maximum<D: Device>(device: &D) {
    let op = MaxPool2d(PoolWindow::new([1, 3], [1, 3], [1, 3, 1]).unwrap());
    let x = upload(device, &[1.0, f32::NAN, f32::NAN, 2.0, 5.0, 9.0]);
    let (y, dy, dx) = (stale(device, 2), upload(device, &[1.0, 1.0]), stale(device, 6));
    op.forward(device, 2, Slice::all(&x), Slice::all(&y)).unwrap();
    let found = download(device, &y);
    assert!(found[0].is_nan() && found[1].is_nan(), "{found:?}");
    let (x, y, dy) = (Slice::all(&x), Slice::all(&y), Slice::all(&dy));
    op.vjp(device, Columns::of_images(2), x, y, dy, Slice::all(&dx), Write::Store, false).unwrap();
    assert_eq!(download(device, &dx), [0.0; 6]);
}
