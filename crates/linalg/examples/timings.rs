//! Prints how long each routine takes on this machine, at the sizes an optimizer meets.
//!
//! `cargo run --release -p minima-linalg --example timings` (`RAYON_NUM_THREADS=1` for one thread).

use minima_linalg::{Cholesky, LinalgError, Lu, Real, matmul, solve_general, symmetric_eigenvalues, syrk_lower};
use ndarray::{Array2, ShapeBuilder};
use std::time::Instant;

/// Least of the times, in seconds, that seven runs take.
fn time<S, O>(
    mut prepare: impl FnMut() -> S,
    mut run: impl FnMut(S) -> Result<O, LinalgError>,
) -> Result<f64, LinalgError> {
    let mut least = f64::INFINITY;
    for _ in 0..7 {
        let input = prepare();
        let start = Instant::now();
        std::hint::black_box(run(input)?);
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(least)
}

fn row(what: &str, flops: f64, seconds: f64) {
    println!("{what:<52} {:>9.2} ms {:>8.1} GFLOP/s", 1e3 * seconds, 1e-9 * flops / seconds);
}

fn cast<R: Real>(x: f64) -> R {
    R::from(x).unwrap_or_default()
}

/// Uniform in [-0.5, 0.5), by an additive recurrence.
fn matrix<R: Real>(rows: usize, cols: usize) -> Array2<R> {
    let mut x = 0.0;
    Array2::from_shape_simple_fn((rows, cols), || {
        x = (x + 0.618_033_988_749_895_f64) * 1.000_1 % 1.0;
        cast(x - 0.5)
    })
}

fn products<R: Real>(name: &str) -> Result<(), LinalgError> {
    for (m, k, n, transposed) in [
        (1280, 1280, 1280, false),
        (1280, 6794, 1280, false),
        (1280, 6794, 1280, true),
        (6794, 1280, 1280, false),
        (1280, 336, 1280, false),
        (128, 336, 128, false),
        (32, 16, 32, false),
    ] {
        let a = matrix::<R>(m, k);
        let b = if transposed { matrix::<R>(n, k).reversed_axes() } else { matrix::<R>(k, n) };
        let mut c = Array2::zeros((m, n));
        let seconds = time(|| (), |()| matmul(R::one(), a.view(), b.view(), R::zero(), c.view_mut()))?;
        let order = if transposed { " (second by columns)" } else { "" };
        row(&format!("{name} matmul ({m} x {k})({k} x {n}){order}"), 2.0 * (m * k * n) as f64, seconds);
    }
    for (k, n) in [(336, 1280), (336, 1152), (40, 1280), (1280, 1280), (6794, 1280)] {
        let a = matrix::<R>(k, n);
        let mut c = Array2::zeros((n, n));
        for beta in [R::zero(), R::one()] {
            let seconds = time(|| (), |()| syrk_lower(R::one(), a.view(), beta, c.view_mut()))?;
            row(&format!("{name} syrk k = {k}, n = {n}, beta = {beta}"), (k * n * (n + 1)) as f64, seconds);
        }
    }
    Ok(())
}

fn factorizations<R: Real>(name: &str) -> Result<(), LinalgError> {
    for n in [1152_usize, 1280] {
        let general = matrix::<R>(n, n);
        let mut spd = Array2::eye(n);
        matmul(R::one(), general.view(), general.t(), R::one(), spd.view_mut())?;
        let by_columns = Array2::from_shape_fn((n, n).f(), |at| spd[at]);
        let cube = (n * n * n) as f64;
        for (order, a) in [("rows", &spd), ("columns", &by_columns)] {
            let seconds = time(|| a.clone(), Cholesky::factor)?;
            row(&format!("{name} Cholesky n = {n}, by {order}"), cube / 3.0, seconds);
        }
        let cholesky = Cholesky::factor(spd.clone())?;
        let lu = Lu::factor(general.clone())?;
        let seconds = time(|| general.clone(), Lu::factor)?;
        row(&format!("{name} LU n = {n}"), 2.0 * cube / 3.0, seconds);
        for m in [1, 2, n] {
            let b = matrix::<R>(n, m);
            let flops = 2.0 * (n * n * m) as f64;
            let seconds = time(|| (), |()| cholesky.solve(b.view()))?;
            row(&format!("{name} Cholesky solve n = {n}, {m} right"), flops, seconds);
            let seconds = time(|| (), |()| lu.solve(b.view()))?;
            row(&format!("{name} LU solve n = {n}, {m} right"), flops, seconds);
        }
        let b = matrix::<R>(n, 2);
        let seconds = time(|| general.clone(), |a| solve_general(a, b.view()))?;
        row(&format!("{name} solve_general n = {n}, 2 right"), 2.0 * cube / 3.0, seconds);
        let seconds = time(|| (), |()| symmetric_eigenvalues(spd.view()))?;
        row(&format!("{name} eigenvalues n = {n}"), 4.0 * cube / 3.0, seconds);
    }
    Ok(())
}

fn main() -> Result<(), LinalgError> {
    println!("{} rayon threads; least of seven runs", rayon::current_num_threads());
    products::<f32>("f32")?;
    products::<f64>("f64")?;
    factorizations::<f32>("f32")?;
    factorizations::<f64>("f64")?;
    Ok(())
}
