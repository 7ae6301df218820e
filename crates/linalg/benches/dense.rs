//! The dense routines at the sizes of a Gauss-Newton step of the paper's network (batch 128, ten classes).
//!
//! `cargo bench -p minima-linalg` (`RAYON_NUM_THREADS=1` for one thread, `--features lapack` for OpenBLAS).

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use minima_linalg::{Cholesky, LinalgError, Lu, Real, matmul, solve_general, symmetric_eigenvalues, syrk_lower};
use ndarray::Array2;
use std::hint::black_box;

/// Rows of the Gram matrix in a step on the mean loss: nine directions per image.
const GRAM: usize = 9 * 128;
/// Rows of the kernel of all logits: ten per image.
const KERNEL: usize = 10 * 128;

/// Uniform in [-0.5, 0.5), by an additive recurrence.
fn matrix<R: Real>(rows: usize, cols: usize) -> Array2<R> {
    let mut x = 0.0;
    Array2::from_shape_simple_fn((rows, cols), || {
        x = (x + 0.618_033_988_749_895_f64) * 1.000_1 % 1.0;
        R::from(x - 0.5).unwrap_or_default()
    })
}

/// `A Aᵀ + I`, which is positive definite.
fn positive_definite<R: Real>(n: usize) -> Result<Array2<R>, LinalgError> {
    let a = matrix::<R>(n, n);
    let mut spd = Array2::eye(n);
    matmul(R::one(), a.view(), a.t(), R::one(), spd.view_mut())?;
    Ok(spd)
}

/// Unwraps a routine's result: a benchmark cannot return an error.
fn done<T>(result: Result<T, LinalgError>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1)
    })
}

fn products<R: Real>(c: &mut Criterion, name: &str) {
    let mut group = c.benchmark_group(format!("{name}/matmul"));
    for (m, k, n) in [(GRAM, GRAM, GRAM), (KERNEL, 6794, KERNEL), (128, 336, 128), (32, 16, 32)] {
        let (a, b) = (matrix::<R>(m, k), matrix::<R>(k, n));
        let mut to = Array2::zeros((m, n));
        group.throughput(Throughput::Elements((2 * m * k * n) as u64));
        group.bench_function(format!("{m}x{k}x{n}"), |bench| {
            bench.iter(|| done(matmul(R::one(), a.view(), b.view(), R::zero(), to.view_mut())));
        });
    }
    group.finish();
    let mut group = c.benchmark_group(format!("{name}/syrk_lower"));
    for (k, n) in [(336, GRAM), (GRAM, GRAM), (6794, KERNEL)] {
        let a = matrix::<R>(k, n);
        let mut to = Array2::zeros((n, n));
        group.throughput(Throughput::Elements((k * n * (n + 1)) as u64));
        group.bench_function(format!("{n}x{k}"), |bench| {
            bench.iter(|| done(syrk_lower(R::one(), a.view(), R::zero(), to.view_mut())));
        });
    }
    group.finish();
}

fn factorizations<R: Real>(c: &mut Criterion, name: &str) {
    for n in [GRAM, KERNEL] {
        let general = matrix::<R>(n, n);
        let spd = done(positive_definite::<R>(n));
        let right = matrix::<R>(n, 1);
        let cube = (n * n * n) as u64;
        let mut group = c.benchmark_group(format!("{name}/{n}"));
        group.sample_size(20);
        group.throughput(Throughput::Elements(cube / 3));
        group.bench_function("cholesky", |bench| {
            bench.iter_batched(|| spd.clone(), |a| done(Cholesky::factor(a)), BatchSize::LargeInput);
        });
        group.throughput(Throughput::Elements(2 * cube / 3));
        group.bench_function("lu", |bench| {
            bench.iter_batched(|| general.clone(), |a| done(Lu::factor(a)), BatchSize::LargeInput);
        });
        group.bench_function("solve_general", |bench| {
            bench.iter_batched(|| general.clone(), |a| done(solve_general(a, right.view())), BatchSize::LargeInput);
        });
        group.throughput(Throughput::Elements(2 * (n * n) as u64));
        let (cholesky, lu) = (done(Cholesky::factor(spd.clone())), done(Lu::factor(general)));
        group.bench_function("cholesky_solve", |bench| bench.iter(|| done(cholesky.solve(right.view()))));
        group.bench_function("lu_solve", |bench| bench.iter(|| done(lu.solve(right.view()))));
        group.throughput(Throughput::Elements(4 * cube / 3));
        group.sample_size(10);
        group.bench_function("eigenvalues", |bench| {
            bench.iter(|| black_box(done(symmetric_eigenvalues(spd.view()))));
        });
        group.finish();
    }
}

fn dense(c: &mut Criterion) {
    products::<f32>(c, "f32");
    products::<f64>(c, "f64");
    factorizations::<f32>(c, "f32");
    factorizations::<f64>(c, "f64");
}

criterion_group!(benches, dense);
criterion_main!(benches);
