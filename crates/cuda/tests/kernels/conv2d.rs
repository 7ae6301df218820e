//! Convolution against the CPU's.

use super::arrays::{SINGLE, assert_close, by_column, by_feature, directions, download, normal, rows, stale, upload};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, Padding};
use minima_cuda::ops::{Conv2d, Tangents};
use minima_cuda::{Columns, Device, Slice, Write};
use minima_rng::Key;
use ndarray::{Array2, Array3, Axis};

/// A convolution, with the numbers of images and directions of its test.
pub struct Case {
    pub input: [usize; 3],
    pub spec: Conv2dSpec,
    pub images: usize,
    pub directions: usize,
}

fn cases() -> Vec<Case> {
    let case = |input, features, kernel, stride, padding, images, directions| Case {
        input,
        spec: Conv2dSpec { features, kernel, stride, padding, ..Conv2dSpec::same(features, 1) },
        images,
        directions,
    };
    use Padding::{Same, Valid};
    let mut cases = vec![
        case([9, 8, 1], 4, [3, 3], [1, 1], Same, 5, 3),
        case([6, 7, 4], 8, [3, 3], [1, 1], Same, 33, 3),
        case([5, 5, 2], 1, [1, 1], [1, 1], Valid, 1, 1),
        case([7, 6, 3], 5, [5, 3], [1, 1], Same, 5, 3),
        case([7, 9, 3], 7, [3, 3], [2, 1], Same, 33, 1),
        case([8, 7, 7], 6, [3, 3], [3, 2], Valid, 5, 3),
        case([6, 5, 5], 2, [2, 4], [2, 3], Same, 1, 3),
        case([4, 4, 6], 3, [4, 4], [1, 1], Valid, 33, 3),
        case([3, 2, 2], 3, [5, 5], [1, 2], Same, 5, 1),
        // Enough columns for the kernels with several columns per thread.
        case([4, 3, 3], 5, [3, 3], [1, 1], Same, 130, 5),
        case([5, 4, 2], 6, [2, 3], [2, 1], Valid, 530, 1),
    ];
    // Enough channels and columns for products of matrices, with borders and channels that fill no tile, and a gradient of large
    // tiles.
    let of_images = |input, spec, images| Case { input, spec, images, directions: 1 };
    let dilated = Conv2dSpec { kernel: [2, 3], dilation: [2, 1], padding: Valid, ..Conv2dSpec::same(32, 1) };
    cases.extend([
        of_images([6, 5, 29], Conv2dSpec { stride: [2, 1], ..Conv2dSpec::same(61, 3) }, 150),
        of_images([7, 7, 32], dilated, 100),
        of_images([5, 6, 64], Conv2dSpec { groups: 2, bias: false, ..Conv2dSpec::same(64, 3) }, 37),
        of_images([3, 2, 65], Conv2dSpec::same(70, 3), 5),
    ]);
    // And some random shapes.
    cases.extend((0..12).map(|seed| {
        let words = Key::new(seed).bits(10);
        let below = |at: usize, end: usize| words[at] as usize % end;
        let (input, kernel) = ([5 + below(0, 4), 5 + below(1, 4), 1 + below(2, 7)], [1 + below(3, 5), 1 + below(4, 5)]);
        let (stride, padding) = ([1 + below(5, 3), 1 + below(6, 3)], if below(7, 2) == 0 { Same } else { Valid });
        case(input, 1 + below(8, 7), kernel, stride, padding, [1, 5, 33, 130][below(9, 4)], 1 + seed as usize % 3)
    }));
    cases
}

/// A case's network of one operation, its counterpart on the device, and numbers to test them with.
pub struct Trial {
    pub name: String,
    pub graph: Graph,
    pub op: Conv2d,
    pub columns: Columns,
    pub params: Vec<f32>,
    pub images: Array2<f32>,
    pub cotangents: Array3<f32>,
}

impl Trial {
    fn all() -> impl Iterator<Item = Self> {
        cases().into_iter().map(Self::of)
    }

    pub fn of(Case { input, spec, images, directions: count }: Case) -> Self {
        let mut g = GraphBuilder::new(&input);
        let y = g.conv2d(g.input(), "Conv_0", spec).unwrap();
        let y = g.flatten(y);
        let graph = g.finish(y).unwrap();
        let op = Conv2d::new(spec, input).unwrap();
        assert_eq!(op.output().iter().product::<usize>(), graph.classes());
        assert_eq!(op.params(), graph.parameter_count());
        Self {
            name: format!("{spec:?} on {input:?}, {images} images, {count} directions"),
            op,
            columns: Columns { images, directions: count },
            params: normal(1, op.params()),
            images: rows(2, images, graph.features()),
            cotangents: directions(3, (count, images, graph.classes())),
            graph,
        }
    }
}

/// Keeps the entries with a positive gate `(images, features)`.
pub fn gated(all: &mut Array3<f32>, gate: &Array2<f32>) {
    for mut of_direction in all.outer_iter_mut() {
        of_direction.zip_mut_with(gate, |d, &g| *d = if g > 0.0 { *d } else { 0.0 });
    }
}

/// Forward, with and without the rectifier.
pub fn forward<D: Device>(device: &D) {
    forward_of(device, Trial::all());
}

fn forward_of<D: Device>(device: &D, trials: impl Iterator<Item = Trial>) {
    for t in trials {
        let at = t.graph.linearize(&t.params, t.images.view()).unwrap();
        let (x, params) = (upload(device, &by_feature(t.images.view())), upload(device, &t.params));
        for relu in [false, true] {
            let y = stale(device, at.logits().len());
            let (x, params, to) = (Slice::all(&x), Slice::all(&params), Slice::all(&y));
            t.op.forward(device, t.columns.images, x, params, to, relu).unwrap();
            let expected = at.logits().mapv(|y| if relu { y.max(0.0) } else { y });
            assert_close(&t.name, &download(device, &y), &by_feature(expected.view()), SINGLE);
        }
    }
}

/// The cotangent of the input: stored, gated and added.
pub fn vjp_input<D: Device>(device: &D) {
    vjp_input_of(device, Trial::all());
}

/// Both, with so many columns that a GPU is occupied by the largest tiles of their products: of 64 by 128 and of 128 by 128 channels
/// and columns.
pub fn large_tiles<D: Device>(device: &D) {
    let trials = |channels: [[usize; 2]; 2]| {
        channels.into_iter().map(|[inputs, outputs]| {
            let spec = Conv2dSpec { kernel: [2, 1], ..Conv2dSpec::same(outputs, 1) };
            Trial::of(Case { input: [2, 3, inputs], spec, images: 1877, directions: 3 })
        })
    };
    vjp_input_of(device, trials([[33, 16], [65, 16]]));
    let trials = trials([[16, 33], [16, 65]]).map(|t| {
        // Every direction becomes an image.
        let images = 3 * t.columns.images;
        Trial { columns: Columns::of_images(images), images: rows(2, images, t.graph.features()), ..t }
    });
    forward_of(device, trials);
}

fn vjp_input_of<D: Device>(device: &D, trials: impl Iterator<Item = Trial>) {
    for t in trials {
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
        // The value already there, plus half of it where the gate is open.
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
        let dx = directions(4, (count, images, t.graph.features()));
        // Other layers' numbers lie between the tangents of two directions.
        let dparams = rows(5, count, t.op.params() + 3);
        let gate = rows(6, images, t.graph.classes());
        let (x, params) = (upload(device, &by_feature(t.images.view())), upload(device, &t.params));
        let device_dx = upload(device, &by_column(dx.view()));
        let device_dparams = upload(device, &dparams.iter().copied().collect::<Vec<_>>());
        let device_gate = upload(device, &by_feature(gate.view()));
        for (of_input, of_params) in [(true, false), (false, true), (true, true), (false, false)] {
            let mut expected = Array3::zeros((count, images, t.graph.classes()));
            for (k, mut to) in expected.outer_iter_mut().enumerate() {
                let dparams: Vec<f32> = dparams.row(k).iter().copied().take(t.op.params()).collect();
                let dx = dx.index_axis(Axis(0), k);
                to.assign(&at.jvp(of_params.then_some(&dparams[..]), of_input.then_some(dx)).unwrap());
            }
            gated(&mut expected, &gate);
            let tangents = Tangents {
                input: of_input.then_some(Slice::all(&device_dx)),
                params: of_params.then_some((Slice::all(&device_dparams), t.op.params() + 3)),
            };
            let dy = stale(device, expected.len());
            let (x, params, gate) = (Slice::all(&x), Slice::all(&params), Some(Slice::all(&device_gate)));
            t.op.jvp(device, t.columns, x, params, &tangents, Slice::all(&dy), gate).unwrap();
            assert_close(&t.name, &download(device, &dy), &by_column(expected.view()), SINGLE);
        }
    }
}

/// The gradient of every column.
pub fn per_sample_gradients<D: Device>(device: &D) {
    for t in Trial::all() {
        let at = t.graph.linearize(&t.params, t.images.view()).unwrap();
        let mut expected = Array3::zeros((t.columns.directions, t.columns.images, t.op.params()));
        for (w, mut to) in t.cotangents.outer_iter().zip(expected.outer_iter_mut()) {
            to.assign(&at.per_sample_gradients(w).unwrap());
        }
        let x = upload(device, &by_feature(t.images.view()));
        let dy = upload(device, &by_column(t.cotangents.view()));
        let gradients = stale(device, expected.len());
        let to = Slice::all(&gradients);
        t.op.per_sample_gradients(device, t.columns, Slice::all(&x), Slice::all(&dy), to).unwrap();
        assert_close(&t.name, &download(device, &gradients), &by_column(expected.view()), SINGLE);
    }
}

/// The gradient summed over the images.
pub fn vjp_params<D: Device>(device: &D) {
    for t in Trial::all() {
        let at = t.graph.linearize(&t.params, t.images.view()).unwrap();
        let w = t.cotangents.index_axis(Axis(0), 0);
        let x = upload(device, &by_feature(t.images.view()));
        let dy = upload(device, &by_feature(w));
        let (gradient, workspace) = (stale(device, t.op.params()), stale(device, t.op.workspace()));
        let (to, workspace) = (Slice::all(&gradient), Slice::all(&workspace));
        t.op.vjp_params(device, t.columns.images, Slice::all(&x), Slice::all(&dy), to, workspace).unwrap();
        assert_close(&t.name, &download(device, &gradient), &at.vjp(w).unwrap(), SINGLE);
    }
}

/// A NaN passes the rectifier, so that a network that has failed is noticed.
pub fn nan_stays<D: Device>(device: &D) {
    let op = Conv2d::new(Conv2dSpec::same(2, 1), [1, 1, 1]).unwrap();
    let (x, params) = (upload(device, &[f32::NAN, 1.0]), upload(device, &[0.0, 0.0, 1.0, -1.0]));
    let y = stale(device, 4);
    op.forward(device, 2, Slice::all(&x), Slice::all(&params), Slice::all(&y), true).unwrap();
    let y = download(device, &y);
    assert!(y[0].is_nan() && y[2].is_nan(), "{y:?}");
    assert_eq!((y[1], y[3]), (1.0, 0.0));
}

/// Slices of the wrong length are rejected with an error that names them.
pub fn lengths_are_checked<D: Device>(device: &D) {
    let op = Conv2d::new(Conv2dSpec::same(2, 3), [4, 4, 1]).unwrap();
    let (x, params, y) = (upload(device, &[0.0; 32]), upload(device, &[0.0; 20]), upload(device, &[0.0; 63]));
    let error = op.forward(device, 2, Slice::all(&x), Slice::all(&params), Slice::all(&y), false).unwrap_err();
    assert_eq!(error.to_string(), "conv2d: y: found 63 numbers, expected 64");
    let spec = Conv2dSpec { padding: Padding::Valid, ..Conv2dSpec::same(2, 5) };
    assert!(Conv2d::new(spec, [4, 4, 1]).unwrap_err().to_string().starts_with("conv2d: "));
}
