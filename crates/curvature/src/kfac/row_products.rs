//! Inner products of a few long rows.

use crate::CurvatureError;
use minima_autodiff::{Scalar, mixed_dot};
use minima_linalg::syrk_lower;
use ndarray::{Array2, ArrayView2, Axis, Slice};
use rayon::prelude::*;

/// The number of columns of one partial product: its rows stay in the second-level cache. It is a constant, so the
/// order of sums is the same on all devices.
const COLUMNS: usize = 1024;

/// Matrices with more columns per row than this are long; others use a general product.
const LONG: usize = 8;
/// Matrices with more rows than this use a general product: 65 by 25 000 took 2.2 ms with a general product and 4.6
/// here; 33 rows took equally long.
const FEW: usize = 48;

/// Computes `x xᵀ`, with both triangles.
///
/// General products are slow for few long rows, as in a convolution: 10 by 100 000 took four times as long.
pub(super) fn row_products<T: Scalar>(x: ArrayView2<'_, T>) -> Result<Array2<T>, CurvatureError> {
    let (rows, columns) = x.dim();
    let mut sum = Array2::zeros((rows, rows));
    if rows > FEW || columns < LONG * rows {
        syrk_lower(T::one(), x.t(), T::zero(), sum.view_mut())?;
    } else {
        let x = x.as_standard_layout();
        let parts = (0..columns.div_ceil(COLUMNS)).into_par_iter().map(|part| {
            let from = part * COLUMNS;
            lower_triangle(x.slice_axis(Axis(1), Slice::from(from..columns.min(from + COLUMNS))))
        });
        for part in parts.collect::<Vec<_>>() {
            sum += &part;
        }
    }
    for i in 0..rows {
        for j in 0..i {
            sum[[j, i]] = sum[[i, j]];
        }
    }
    Ok(sum)
}

/// Computes the lower triangle of `x xᵀ` from contiguous rows.
fn lower_triangle<T: Scalar>(x: ArrayView2<'_, T>) -> Array2<T> {
    let rows: Vec<&[T]> = x.outer_iter().map(|row| row.to_slice().unwrap_or_default()).collect();
    let mut products = Array2::zeros((rows.len(), rows.len()));
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate().take(i + 1) {
            products[[i, j]] = mixed_dot(a, b);
        }
    }
    products
}

#[cfg(test)]
mod tests {
    use super::row_products;
    use ndarray::Array2;

    #[test]
    fn every_pair_of_rows_and_every_column_counts() {
        for (rows, columns) in
            [(1, 1), (1, 8), (3, 40), (4, 32), (5, 1024), (9, 1025), (10, 2071), (7, 3), (40, 20), (2, 0)]
        {
            // Integers: every order of summation gives the same result.
            let x = Array2::from_shape_fn((rows, columns), |(i, j)| ((i * 5 + j * 3 + i * j) % 7) as f32 - 3.0);
            let found = row_products(x.view()).unwrap();
            for i in 0..rows {
                for j in 0..rows {
                    let expected: f32 = (0..columns).map(|k| x[[i, k]] * x[[j, k]]).sum();
                    assert_eq!(found[[i, j]], expected, "{rows} {columns}: {i} {j}");
                }
            }
        }
    }
}
