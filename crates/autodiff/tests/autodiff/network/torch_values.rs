//! Convolutions and pooling against PyTorch 2.15 in double precision.
//!
//! The numbers are exact quarters: `pattern(n, a, b, m)` is `torch.tensor([((a * i + b) % m - m // 2) / 4 for i in range(n)])`
//! here and below. Sums of their products are exact too, so convolutions agree to the bit.

use super::agreement::assert_close;
use minima_autodiff::{Conv2dSpec, Graph, GraphBuilder, Padding, PoolSpec, Value};
use ndarray::Array2;

fn pattern(n: usize, a: usize, b: usize, m: usize) -> Vec<f64> {
    (0..n).map(|i| (((a * i + b) % m) as f64 - (m / 2) as f64) / 4.0).collect()
}

fn spec(
    features: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    border: [usize; 2],
    dilation: [usize; 2],
    groups: usize,
) -> Conv2dSpec {
    let padding = Padding::Explicit { low: border, high: border };
    Conv2dSpec { features, kernel, stride, padding, dilation, groups, bias: true }
}

fn window(size: [usize; 2], stride: [usize; 2], border: [usize; 2]) -> PoolSpec {
    PoolSpec::new(size, stride).with_padding(Padding::Explicit { low: border, high: border })
}

fn graph(input: [usize; 3], operation: impl Fn(&mut GraphBuilder, Value) -> Value) -> Graph {
    let mut g = GraphBuilder::new(&input);
    let x = g.input();
    let y = operation(&mut g, x);
    let y = g.flatten(y);
    g.finish(y).unwrap()
}

/// A mean that counts the border, one that does not, and the maximum, times 288.
type Pools = [&'static [i32]; 3];

/// The images are one pattern, so this is the only image of a batch.
fn image(graph: &Graph) -> Array2<f64> {
    Array2::from_shape_vec((1, graph.features()), pattern(graph.features(), 7, 3, 11)).unwrap()
}

/// ```python
/// x = pattern(h * w * c, 7, 3, 11).reshape(1, h, w, c).permute(0, 3, 1, 2)
/// k = pattern(kh * kw * c // groups * features, 5, 2, 9).reshape(kh, kw, c // groups, features).permute(3, 2, 0, 1)
/// b = pattern(features, 3, 1, 7)
/// y = torch.nn.functional.conv2d(x, k, b, stride, padding, dilation, groups)
/// (16 * y).permute(0, 2, 3, 1).flatten().tolist()
/// ```
#[test]
fn convolutions_are_torchs() {
    let cases: [([usize; 3], Conv2dSpec, &[i32]); 5] = [
        ([5, 5, 1], spec(1, [3, 3], [2, 2], [1, 1], [1, 1], 1), &[-36, 9, -6, -8, 16, -11, -4, -35, 3]),
        ([4, 6, 2], spec(2, [3, 3], [2, 2], [1, 1], [1, 1], 1), &[6, 31, -20, -17, -38, 12, 17, -13, 27, 39, 27, 39]),
        ([2, 3, 1], spec(2, [5, 5], [1, 1], [2, 2], [1, 1], 1), &[4, 5, -1, 0, -33, -23, -12, 16, -35, 11, 5, -21]),
        (
            [5, 6, 2],
            spec(4, [3, 3], [2, 2], [2, 2], [2, 2], 2),
            &[
                13, 11, -43, 21, -46, 11, -20, 27, 13, 12, -4, -21, 17, -15, 14, -46, -11, -22, -49, 41, -24, 22, -31,
                22, -27, 12, -6, 26, 8, 37, -2, -38, -19, -6, 1, 16,
            ],
        ),
        (
            [6, 7, 3],
            spec(3, [3, 3], [2, 3], [3, 3], [3, 3], 3),
            &[
                -29, -11, -30, -31, 7, -21, 38, 19, 27, -37, 7, -18, 39, 40, 41, -18, 1, -31, 11, 31, -2, -29, -26,
                -34, -34, -23, -13,
            ],
        ),
    ];
    for (input, spec, expected) in cases {
        let graph = graph(input, |g, x| g.conv2d(x, "Conv_0", spec).unwrap());
        let kernel = pattern(graph.parameter_count() - spec.features, 5, 2, 9);
        let params = [pattern(spec.features, 3, 1, 7), kernel].concat();
        let found = graph.logits(&params, image(&graph).view()).unwrap();
        let expected: Vec<f64> = expected.iter().map(|&y| f64::from(y) / 16.0).collect();
        assert_eq!(found.into_flat().to_vec(), expected, "{input:?} {spec:?}");
    }
}

/// ```python
/// x = pattern(h * w * c, 7, 3, 11).reshape(1, h, w, c).permute(0, 3, 1, 2)
/// y = torch.nn.functional.avg_pool2d(x, size, stride, padding, count_include_pad=True)  # then False, then max_pool2d
/// (288 * y).permute(0, 2, 3, 1).flatten().tolist()
/// ```
#[test]
fn pools_are_torchs() {
    let cases: [([usize; 3], PoolSpec, Pools); 3] = [
        (
            [5, 5, 1],
            window([3, 3], [2, 2], [1, 1]),
            [
                &[-8, 8, -40, 0, 8, -48, 8, 32, 64],
                &[-18, 12, -90, 0, 8, -72, 18, 48, 144],
                &[360, 360, 288, 288, 360, 216, 288, 360, 360],
            ],
        ),
        (
            [4, 6, 1],
            window([3, 2], [2, 2], [1, 1]),
            [
                &[-72, 96, -24, -24, 48, -72, 12, -12],
                &[-216, 144, -36, -72, 96, -72, 12, -24],
                &[-144, 360, 288, 0, 360, 216, 288, 360],
            ],
        ),
        (
            [2, 3, 2],
            window([2, 3], [1, 2], [1, 1]),
            [
                &[-12, 24, 60, -36, -72, 0, 72, -120, -60, -24, 12, -84],
                &[-36, 72, 180, -108, -108, 0, 108, -180, -180, -72, 36, -252],
                &[72, 360, 288, 0, 72, 360, 288, 0, -72, 216, 144, -144],
            ],
        ),
    ];
    for (input, spec, [counted, within, largest]) in cases {
        let of = |operation: &dyn Fn(&mut GraphBuilder, Value) -> Value, expected: &[i32]| {
            let graph = graph(input, operation);
            let found = graph.logits(&[], image(&graph).view()).unwrap();
            let expected: Vec<f64> = expected.iter().map(|&y| f64::from(y) / 288.0).collect();
            // One product with a rounded fraction, and one rounded division of this test.
            assert_close(&format!("{input:?} {spec:?}"), &found, &expected, 1e-15);
        };
        of(&|g, x| g.avg_pool2d_padded(x, spec).unwrap(), counted);
        of(&|g, x| g.avg_pool2d_padded(x, spec.excluding_padding()).unwrap(), within);
        of(&|g, x| g.max_pool2d_padded(x, spec).unwrap(), largest);
    }
}
