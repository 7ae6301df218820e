//! Gram matrices and the matrices of the Gauss-Newton systems.

use super::arrays::{SINGLE, assert_close, download, normal, rows, stale, upload, widened};
use minima_cuda::linalg::{Gram, factors_times, kernel_times, square_root};
use minima_cuda::{Columns, Device, Slice, Write};
use ndarray::Array2;

/// The lower triangle of a square matrix, row by row.
fn lower<T: Copy>(matrix: &[T], order: usize) -> Vec<T> {
    (0..order).flat_map(|row| matrix[row * order..][..row + 1].to_vec()).collect()
}

/// `Uᵀ U`, stored and added, of orders for coarse and fine tiles.
pub fn product<D: Device>(device: &D) {
    for (order, count) in [(1, 1), (5, 3), (33, 20), (130, 40), (530, 18)] {
        let u = rows(50, count, order);
        let wide = u.mapv(f64::from);
        let expected = wide.t().dot(&wide);
        let op = Gram { order };
        let (u, gram) = (upload(device, u.as_slice().unwrap()), stale(device, order * order));
        op.product(device, Slice::all(&u), count, Slice::all(&gram), Write::Store).unwrap();
        let expected = lower(expected.as_slice().unwrap(), order);
        assert_close("gram", &lower(&download(device, &gram), order), &expected, SINGLE);
        op.product(device, Slice::all(&u), count, Slice::all(&gram), Write::Add).unwrap();
        let twice: Vec<f64> = expected.iter().map(|g| 2.0 * g).collect();
        let found = download(device, &gram);
        assert_close("gram, added", &lower(&found, order), &twice, SINGLE);
        assert!((0..order).all(|row| (row + 1..order).all(|column| found[row * order + column].is_nan())));

        op.mirror(device, Slice::all(&gram)).unwrap();
        let mirrored = download(device, &gram);
        for row in 0..order {
            for column in 0..order {
                let (below, left) = (row.max(column), row.min(column));
                assert_eq!(mirrored[row * order + column], found[below * order + left]);
            }
        }
    }
}

/// `(Dᵀ D) ∘ (A + 1)`, with A for all directions of its images.
pub fn dense<D: Device>(device: &D) {
    for (images, directions, outputs, inputs) in [(1, 1, 1, 1), (5, 3, 4, 7), (33, 4, 10, 17), (106, 5, 16, 6)] {
        let columns = Columns { images, directions };
        let order = columns.count();
        let (d, a) = (rows(51, outputs, order), rows(52, inputs, images));
        let (wide_d, wide_a) = (d.mapv(f64::from), a.mapv(f64::from));
        let (products, inner) = (wide_d.t().dot(&wide_d), wide_a.t().dot(&wide_a));
        let expected = Array2::from_shape_fn((order, order), |(r, c)| {
            products[[r, c]] * (inner[[r % images, c % images]] + 1.0) + 1.0
        });
        let (d, a) = (upload(device, d.as_slice().unwrap()), upload(device, a.as_slice().unwrap()));
        let (inner, gram) = (stale(device, images * images), upload(device, &vec![1.0; order * order]));
        let of_inputs = Gram { order: images };
        of_inputs.product(device, Slice::all(&a), inputs, Slice::all(&inner), Write::Store).unwrap();
        let (d, inner, op) = (Slice::all(&d), Slice::all(&inner), Gram { order });
        let workspace = stale(device, op.workspace(device, outputs));
        let (to, workspace) = (Slice::all(&gram), Slice::all(&workspace));
        op.dense(device, columns, d, outputs, inner, true, to, Write::Add, workspace).unwrap();
        let expected = lower(expected.as_slice().unwrap(), order);
        assert_close("dense gram", &lower(&download(device, &gram), order), &expected, SINGLE);
    }
}

/// `G + λI` and `s ∘ G ∘ s + λI`, in both precisions.
pub fn systems<D: Device>(device: &D) {
    for order in [1, 33, 150] {
        let (g, s) = (normal(53, order * order), normal(54, order));
        let (wide, wide_s) = (widened(&g), widened(&s));
        let expected = |scaled: bool| -> Vec<f64> {
            let entry = |r: usize, c: usize| {
                let s = if scaled { wide_s[r] * wide_s[c] } else { 1.0 };
                wide[r * order + c] * s + if r == c { 0.5 } else { 0.0 }
            };
            (0..order).flat_map(|r| (0..=r).map(move |c| (r, c))).map(|(r, c)| entry(r, c)).collect()
        };
        let (gram, single, double) = (upload(device, &g), upload(device, &s), upload(device, &wide_s));
        let (to_single, to_double) = (stale(device, order * order), device.zeros::<f64>(order * order).unwrap());
        let (op, gram) = (Gram { order }, Slice::all(&gram));
        op.damped(device, gram, 0.5, Slice::all(&to_single)).unwrap();
        op.damped(device, gram, 0.5, Slice::all(&to_double)).unwrap();
        assert_close("damped", &lower(&download(device, &to_single), order), &expected(false), SINGLE);
        assert_close("damped", &lower(&download(device, &to_double), order), &expected(false), 1e-14);
        op.scaled_damped(device, gram, Slice::all(&single), 0.5, Slice::all(&to_single)).unwrap();
        op.scaled_damped(device, gram, Slice::all(&double), 0.5, Slice::all(&to_double)).unwrap();
        assert_close("scaled", &lower(&download(device, &to_single), order), &expected(true), SINGLE);
        assert_close("scaled", &lower(&download(device, &to_double), order), &expected(true), 1e-14);
    }
}

/// `s ∘ K v`, `√p` and `Σ_k factors ∘ y`, in both precisions.
pub fn products_with_vectors<D: Device>(device: &D) {
    for order in [1, 33, 300] {
        let (k, v, s) = (normal(55, order * order), normal(56, order), normal(57, order));
        let (wide_k, wide_v, wide_s) = (widened(&k), widened(&v), widened(&s));
        let row = |r: usize| wide_k[r * order..][..order].iter().zip(&wide_v).map(|(k, v)| k * v).sum::<f64>();
        let expected: Vec<f64> = (0..order).map(|r| row(r) * wide_s[r]).collect();
        let (k, v, s) = (upload(device, &k), upload(device, &v), upload(device, &s));
        let (double_v, double_s) = (upload(device, &wide_v), upload(device, &wide_s));
        let (single, double) = (stale(device, order), device.zeros::<f64>(order).unwrap());
        kernel_times(device, Slice::all(&k), Slice::all(&v), Slice::all(&s), Slice::all(&single)).unwrap();
        let (v, s, to) = (Slice::all(&double_v), Slice::all(&double_s), Slice::all(&double));
        kernel_times(device, Slice::all(&k), v, s, to).unwrap();
        assert_close("kernel times", &download(device, &single), &expected, SINGLE);
        assert_close("kernel times", &download(device, &double), &expected, 1e-13);

        let positive: Vec<f64> = wide_v.iter().map(|v| v * v).collect();
        square_root(device, Slice::all(&upload(device, &positive)), to).unwrap();
        let roots: Vec<f64> = positive.iter().map(|p| p.sqrt()).collect();
        assert_close("square root", &download(device, &double), &roots, 1e-15);
    }
    let (columns, classes) = (Columns { images: 33, directions: 3 }, 4);
    let (factors, y) = (normal(58, classes * columns.count()), normal(59, columns.count()));
    let expected: Vec<f64> = (0..classes * columns.images)
        .map(|at| {
            let (c, i) = (at / columns.images, at % columns.images);
            let term = |k: usize| {
                let column = k * columns.images + i;
                f64::from(factors[c * columns.count() + column]) * f64::from(y[column])
            };
            (0..columns.directions).map(term).sum()
        })
        .collect();
    let w = stale(device, expected.len());
    let (single, single_y) = (upload(device, &factors), upload(device, &y));
    let (double, double_y) = (upload(device, &widened(&factors)), upload(device, &widened(&y)));
    factors_times(device, columns, classes, Slice::all(&single), Slice::all(&single_y), Slice::all(&w)).unwrap();
    assert_close("factors times", &download(device, &w), &expected, SINGLE);
    factors_times(device, columns, classes, Slice::all(&double), Slice::all(&double_y), Slice::all(&w)).unwrap();
    assert_close("factors times", &download(device, &w), &expected, SINGLE);
}
