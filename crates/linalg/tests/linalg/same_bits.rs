//! Results have the same bits for any number of threads and any address of the data. With LAPACK, only the products use this
//! crate's tiles, so the other routines guarantee this for the default backend alone.

use crate::matrices;

use matrices::{narrow, uniform};
use minima_linalg::{LinalgError, Real, matmul, syrk_lower};
use ndarray::{Array2, ArrayView2};

/// Asserts that the computation returns the same bits in pools of 1, 2 and 3 threads, twice each.
fn same_in_every_pool<R: Real>(
    what: &str,
    compute: impl Fn() -> Result<Array2<R>, LinalgError> + Sync,
) -> Result<(), LinalgError> {
    let mut first: Option<Array2<R>> = None;
    for threads in [1, 2, 3, 3, 2, 1] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| LinalgError::Backend(error.to_string()))?;
        let found = pool.install(&compute)?;
        match &first {
            None => first = Some(found),
            // Decoded triples differ whenever the bits differ, even for zeros of different sign.
            Some(first) => assert!(
                first.iter().zip(&found).all(|(a, b)| a.integer_decode() == b.integer_decode()),
                "{what} with {threads} threads"
            ),
        }
    }
    Ok(())
}

fn products<R: Real>() -> Result<(), LinalgError> {
    for (m, k, n) in [(1152, 336, 1152), (333, 1000, 700), (1300, 37, 5)] {
        let a: Array2<R> = narrow(&uniform(m, k, 1));
        let b: Array2<R> = narrow(&uniform(k, n, 2));
        same_in_every_pool("matmul", || {
            let mut c = Array2::from_elem((m, n), R::one());
            matmul(R::one(), a.view(), b.view(), R::one(), c.view_mut())?;
            Ok(c)
        })?;
        same_in_every_pool("syrk", || {
            let mut c = Array2::zeros((n, n));
            syrk_lower(R::one(), b.view(), R::zero(), c.view_mut())?;
            Ok(c)
        })?;
    }
    Ok(())
}

#[test]
fn products_do_not_depend_on_threads() -> Result<(), LinalgError> {
    products::<f32>()?;
    products::<f64>()
}

fn at_every_offset<R: Real>() -> Result<(), LinalgError> {
    let (k, n) = (65, 333);
    let mut buffer: Vec<R> = vec![R::zero(); k * n + 32];
    let values: Array2<R> = narrow(&uniform(k, n, 1));
    let mut first: Option<Array2<R>> = None;
    for offset in [0, 1, 3, 8, 13] {
        for (place, value) in buffer.iter_mut().skip(offset).zip(&values) {
            *place = *value;
        }
        let a = ArrayView2::from_shape((k, n), &buffer[offset..offset + k * n])
            .map_err(|error| LinalgError::Backend(error.to_string()))?;
        let mut c = Array2::zeros((n, n));
        syrk_lower(R::one(), a, R::zero(), c.view_mut())?;
        let mut d = Array2::zeros((n, n));
        matmul(R::one(), a.t(), a, R::zero(), d.view_mut())?;
        let found = c + d;
        match &first {
            None => first = Some(found),
            Some(first) => assert_eq!(first, found, "offset {offset}"),
        }
    }
    Ok(())
}

#[test]
fn products_do_not_depend_on_addresses() -> Result<(), LinalgError> {
    at_every_offset::<f32>()?;
    at_every_offset::<f64>()
}

#[cfg(not(feature = "lapack"))]
mod solvers {
    use super::{narrow, same_in_every_pool, uniform};
    use minima_linalg::{Cholesky, LinalgError, Lu, Real, solve_general, symmetric_eigenvalues, syrk_lower};
    use ndarray::{Array2, Axis};

    fn solvers<R: Real>(order: usize) -> Result<(), LinalgError> {
        let general: Array2<R> = narrow(&uniform(order, order, 3));
        let mut spd = Array2::eye(order);
        syrk_lower(R::one(), general.view(), R::one(), spd.view_mut())?;
        for columns in [1, 2, 300] {
            let b: Array2<R> = narrow(&uniform(order, columns, 4));
            same_in_every_pool("Cholesky", || Cholesky::factor(spd.clone())?.solve(b.view()))?;
            same_in_every_pool("LU", || Lu::factor(general.clone())?.solve(b.view()))?;
        }
        let b: Array2<R> = narrow(&uniform(order, 2, 4));
        same_in_every_pool("solve_general", || solve_general(general.clone(), b.view()))?;
        same_in_every_pool("eigenvalues", || symmetric_eigenvalues(spd.view()).map(|x| x.insert_axis(Axis(1))))
    }

    #[test]
    fn solvers_do_not_depend_on_threads() -> Result<(), LinalgError> {
        for order in [1152, 333] {
            solvers::<f32>(order)?;
            solvers::<f64>(order)?;
        }
        Ok(())
    }
}
