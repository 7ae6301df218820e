//! Products of matrices: of values of a network, and by the library of a device.

use super::arrays::{SINGLE, assert_close, download, normal, stale, upload};
use minima_cuda::linalg::{Matrix, Product};
use minima_cuda::ops::{Factor, Matmul};
use minima_cuda::{Columns, Device, Slice, Write};

/// Numbers `[(n, row, column)][column of the batch]`, with the shape of one matrix, and whether every direction has its own.
struct Value {
    numbers: Vec<f32>,
    shape: [usize; 2],
    has_directions: bool,
}

impl Value {
    fn new(seed: u64, batch: usize, shape: [usize; 2], columns: Columns, has_directions: bool) -> Self {
        let count = if has_directions { columns.count() } else { columns.images };
        Self { numbers: normal(seed, batch * shape[0] * shape[1] * count), shape, has_directions }
    }

    /// The entry of matrix n of a column.
    fn entry(&self, n: usize, [row, across]: [usize; 2], column: usize, columns: Columns) -> f64 {
        let (count, column) =
            if self.has_directions { (columns.count(), column) } else { (columns.images, column % columns.images) };
        let [rows, width] = self.shape;
        f64::from(self.numbers[((n * rows + row) * width + across) * count + column])
    }

    fn factor<'a, D: Device>(&self, buffer: &'a D::Buffer<f32>) -> Factor<'a, D> {
        if self.has_directions { Factor::OfColumns(Slice::all(buffer)) } else { Factor::OfImages(Slice::all(buffer)) }
    }
}

/// Where an entry of a matrix is stored: its transpose's, or its own.
type Place = fn([usize; 2]) -> [usize; 2];

/// `scale · left right` for all matrices and columns, with entries read at these places.
fn expected(
    (left, of_left): (&Value, Place),
    (right, of_right): (&Value, Place),
    [batch, rows, inner, across]: [usize; 4],
    columns: Columns,
    scale: f64,
) -> Vec<f64> {
    let mut all = Vec::new();
    for n in 0..batch {
        for row in 0..rows {
            for place in 0..across {
                for column in 0..columns.count() {
                    let left = |l: usize| left.entry(n, of_left([row, l]), column, columns);
                    let right = |l: usize| right.entry(n, of_right([l, place]), column, columns);
                    all.push(scale * (0..inner).map(|l| left(l) * right(l)).sum::<f64>());
                }
            }
        }
    }
    all
}

/// Products of values, their tangents and their cotangents, stored and added. A library computes the second case.
pub fn of_values<D: Device>(device: &D) {
    for (batch, rows, inner, across, images, directions) in [(3, 5, 4, 6, 5, 2), (2, 96, 97, 98, 2, 2)] {
        let op = Matmul { batch, rows, inner, columns: across, scale: -0.7 };
        let columns = Columns { images, directions };
        let workspace = stale(device, op.workspace(device, columns));
        let workspace = Slice::all(&workspace);
        let name = format!("{batch} products of {rows} × {inner} × {across}");
        let (own, turned): (Place, Place) = (|at| at, |[row, column]| [column, row]);
        for (a_moves, b_moves) in [(false, false), (true, false), (false, true)] {
            let a = Value::new(80, batch, [rows, inner], columns, a_moves);
            let b = Value::new(81, batch, [inner, across], columns, b_moves);
            let dy = Value::new(82, batch, [rows, across], columns, true);
            let buffers = [&a, &b, &dy].map(|value| upload(device, &value.numbers));
            let [on_a, on_b, on_dy] = &buffers;
            let (fa, fb, dy_all) = (a.factor(on_a), b.factor(on_b), Slice::all(on_dy));
            let scale = op.scale;
            let y = expected((&a, own), (&b, own), [batch, rows, inner, across], columns, scale);
            let da = expected((&dy, own), (&b, turned), [batch, rows, across, inner], columns, scale);
            let db = expected((&a, turned), (&dy, own), [batch, inner, rows, across], columns, scale);
            for (what, expected) in [("y", y), ("da", da), ("db", db)] {
                let to = stale(device, expected.len());
                for (times, write) in [(1.0, Write::Store), (2.0, Write::Add)] {
                    let all = Slice::all(&to);
                    let done = match what {
                        "y" => op.product(device, columns, fa, fb, all, write, workspace),
                        "da" => op.vjp_first(device, columns, fb, dy_all, all, write, workspace),
                        _ => op.vjp_second(device, columns, fa, dy_all, all, write, workspace),
                    };
                    done.unwrap();
                    let expected: Vec<f64> = expected.iter().map(|x| times * x).collect();
                    assert_close(&format!("{name}: {what}"), &download(device, &to), &expected, SINGLE);
                }
            }
        }
    }
}

/// Products by a library, of matrices that are parts of others, for each choice of transposed factors. A device without a library
/// refuses them.
pub fn by_library<D: Device>(device: &D) {
    let product = Product { batch: 3, rows: 4, inner: 5, columns: 6 };
    let Product { batch, rows, inner, columns } = product;
    // Rows and matrices of all three lie apart, by different distances. The second factor is one for all products.
    for (left_turned, right_turned) in [(false, false), (true, false), (false, true), (true, true)] {
        let left_shape = if left_turned { [inner, rows] } else { [rows, inner] };
        let right_shape = if right_turned { [columns, inner] } else { [inner, columns] };
        let (left_step, right_step, step) = (left_shape[1] + 2, right_shape[1] + 3, columns + 1);
        let (left_stride, stride) = (left_shape[0] * left_step + 1, rows * step + 4);
        let numbers = [batch * left_stride, right_shape[0] * right_step, batch * stride];
        let numbers = [(90, numbers[0]), (91, numbers[1]), (92, numbers[2])].map(|(seed, len)| normal(seed, len));
        let buffers = numbers.each_ref().map(|numbers| upload(device, numbers));
        let [left, right, to] = buffers.each_ref().map(|buffer| Slice::<D, f32>::all(buffer));
        let left = Matrix::new(left, left_step).each(left_stride);
        let left = if left_turned { left.transpose() } else { left };
        let right = Matrix::new(right, right_step);
        let right = if right_turned { right.transpose() } else { right };
        let to = Matrix::new(to, step).each(stride);
        if device.products_from().is_none() {
            assert!(product.multiply(device, 0.5, left, right, to, Write::Add).is_err());
            println!("skipped: the device has no library of linear algebra");
            continue;
        }
        assert!(product.is_by_library(device) == device.products_from().is_some_and(|least| least <= 360));
        product.multiply(device, 0.5, left, right, to, Write::Add).unwrap();
        let mut expected: Vec<f64> = numbers[2].iter().map(|&x| f64::from(x)).collect();
        for n in 0..batch {
            for row in 0..rows {
                for column in 0..columns {
                    let left = |l: usize| {
                        let [r, c] = if left_turned { [l, row] } else { [row, l] };
                        f64::from(numbers[0][n * left_stride + r * left_step + c])
                    };
                    let right = |l: usize| {
                        let [r, c] = if right_turned { [column, l] } else { [l, column] };
                        f64::from(numbers[1][r * right_step + c])
                    };
                    let sum: f64 = (0..inner).map(|l| left(l) * right(l)).sum();
                    expected[n * stride + row * step + column] += 0.5 * sum;
                }
            }
        }
        let what = format!("transposed {left_turned} and {right_turned}");
        assert_close(&what, &download(device, &buffers[2]), &expected, SINGLE);
        // One row more than there is.
        let beyond = Product { rows: rows + 2, ..product };
        assert!(beyond.multiply(device, 1.0, left, right, to, Write::Store).is_err(), "{what}");
    }
}
