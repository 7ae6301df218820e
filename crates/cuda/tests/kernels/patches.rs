//! The second moments and sums of a convolution's patches against the matrices of the CPU.

use super::arrays::{by_feature, download, stale, upload};
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, LayerPairs, Padding};
use minima_cuda::ops::{Conv2d, Patches, squares_of_columns};
use minima_cuda::{Device, Slice};
use ndarray::Array2;

/// A convolution of input maps, and the number of images. The sums of the largest are of several parts, and the matrix of the
/// last has several tiles.
fn cases() -> Vec<([usize; 3], Conv2dSpec, usize)> {
    let border = Padding::Explicit { low: [1, 0], high: [2, 1] };
    vec![
        ([5, 6, 2], Conv2dSpec::same(4, 3), 5),
        ([5, 6, 4], Conv2dSpec { groups: 2, stride: [2, 1], ..Conv2dSpec::same(6, 3) }, 3),
        ([4, 5, 3], Conv2dSpec { dilation: [1, 2], stride: [1, 2], ..Conv2dSpec::same(3, 2) }, 4),
        ([5, 4, 3], Conv2dSpec { padding: border, stride: [2, 2], bias: false, ..Conv2dSpec::same(5, 2) }, 1),
        ([1, 1, 7], Conv2dSpec::same(3, 1), 33),
        ([9, 8, 4], Conv2dSpec { groups: 4, ..Conv2dSpec::same(4, 3) }, 40),
        ([3, 3, 8], Conv2dSpec::same(40, 3), 3),
    ]
}

/// Small integers, whose sums are exact in any order.
fn integers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|at| ((at * at + 3 * at * seed + seed) % 7) as f32 - 3.0).collect()
}

fn rows(images: usize, features: usize, seed: usize) -> Array2<f32> {
    Array2::from_shape_vec((images, features), integers(images * features, seed)).unwrap()
}

fn network(input: [usize; 3], spec: Conv2dSpec) -> Graph {
    let mut g = GraphBuilder::new(&input);
    let y = g.conv2d(g.input(), "c", spec).unwrap();
    let y = g.flatten(y);
    g.finish(y).unwrap()
}

/// Checks the lower triangles of the moments and the sums of one side.
fn check<D: Device>(
    device: &D,
    name: &str,
    patches: Patches,
    images: usize,
    x: &Array2<f32>,
    expected: &[&Array2<f32>],
) {
    let buffer = upload(device, &by_feature(x.view()));
    let (rows, places) = (patches.rows(), patches.places());
    let moments = stale(device, patches.moment_count());
    let workspace = stale(device, patches.workspace(images));
    patches.moments(device, images, Slice::all(&buffer), Slice::all(&moments), Slice::all(&workspace)).unwrap();
    let found = download(device, &moments);
    let sums = stale(device, patches.groups() * rows * images);
    patches.sums(device, images, Slice::all(&buffer), 0.5, Slice::all(&sums)).unwrap();
    let found_sums = download(device, &sums);
    assert_eq!(expected.len(), patches.groups(), "{name}");
    for (group, matrix) in expected.iter().enumerate() {
        assert_eq!(matrix.dim(), (rows, places * images), "{name}");
        let product = matrix.dot(&matrix.t());
        for i in 0..rows {
            for j in 0..=i {
                assert_eq!(found[(group * rows + i) * rows + j], product[[i, j]], "{name}, group {group}: {i} {j}");
            }
            for image in 0..images {
                let sum: f32 = (0..places).map(|place| matrix[[i, place * images + image]]).sum();
                assert_eq!(found_sums[(group * rows + i) * images + image], 0.5 * sum, "{name}: {i}, image {image}");
            }
        }
    }
    // A sum over places is a patch of a layer with one place.
    let combined = patches.combined().unwrap();
    assert_eq!((combined.rows(), combined.groups(), combined.places()), (rows, patches.groups(), 1));
}

/// Inputs and cotangents of convolutions.
pub fn moments<D: Device>(device: &D) {
    for (input, spec, images) in cases() {
        let graph = network(input, spec);
        let params = vec![0.0_f32; graph.parameter_count()];
        let (x, w) = (rows(images, graph.features(), 1), rows(images, graph.classes(), 2));
        let pairs: Vec<LayerPairs<f32>> = graph.linearize(&params, x.view()).unwrap().layer_pairs(w.view()).unwrap();
        let conv = Conv2d::new(spec, input).unwrap();
        let name = format!("{spec:?} on {input:?}");
        let inputs: Vec<&Array2<f32>> = pairs.iter().map(|pairs| &pairs.inputs).collect();
        check(device, &format!("inputs of {name}"), Patches::of_input(conv), images, &x, &inputs);
        let cotangents: Vec<&Array2<f32>> = pairs.iter().map(|pairs| &pairs.cotangents).collect();
        check(device, &format!("outputs of {name}"), Patches::of_output(conv).unwrap(), images, &w, &cotangents);
    }
}

/// Sums of squares over columns.
pub fn squares<D: Device>(device: &D) {
    for columns in [1, 31, 32, 70] {
        let x = rows(columns, 5, 3);
        let (from, to) = (upload(device, &by_feature(x.view())), stale(device, 5));
        squares_of_columns(device, columns, Slice::all(&from), Slice::all(&to)).unwrap();
        let expected: Vec<f32> = x.columns().into_iter().map(|column| column.iter().map(|v| v * v).sum()).collect();
        assert_eq!(download(device, &to), expected, "{columns}");
    }
}
