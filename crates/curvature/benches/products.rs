//! Products with the curvature of the paper's network, at its batch of 128 in single precision, and the parts of these
//! products.
//!
//! `cargo bench -p minima-curvature` (`RAYON_NUM_THREADS=1` for one thread).

use criterion::{Criterion, criterion_group, criterion_main};
use minima_autodiff::{Batch, paper_cnn};
use minima_curvature::{
    CgOptions, Fisher, Ggn, GgnVariant, Hessian, Jacobian, LinearOperator, Objective, OperatorExt, conjugate_gradient,
};
use minima_rng::Key;
use ndarray::Array2;
use std::hint::black_box;

const IMAGES: usize = 128;

/// Unwraps a result, because a benchmark cannot return an error.
fn done<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1)
    })
}

fn products(c: &mut Criterion) {
    let graph = done(paper_cnn([28, 28, 1], 10));
    let params: Vec<f32> = graph.init(42);
    let pixels = Key::new(1).uniform(IMAGES * graph.features());
    let images = done(Array2::from_shape_vec((IMAGES, graph.features()), pixels));
    let labels: Vec<usize> = (0..IMAGES).map(|i| i % 10).collect();
    let batch = done(Batch::new(images.view(), &labels));
    let objective = done(Objective::of_batch(&graph, &params, batch));
    let v = Key::new(2).normal(params.len());
    let w = Key::new(3).normal(IMAGES * 10);

    let mut group = c.benchmark_group("products");
    let mut bench = |name: &str, operator: &dyn LinearOperator<f32>, v: &[f32]| {
        group.bench_function(name, |b| b.iter(|| black_box(done(operator.apply(v)))));
    };
    let jacobian = Jacobian::new(&objective);
    bench("jacobian", &jacobian, &v);
    bench("jacobian_transposed", &jacobian.transposed(), &w);
    for variant in [GgnVariant::Mean, GgnVariant::Coupled] {
        bench(&format!("ggn_{variant:?}"), &done(Ggn::new(&objective, variant)), &v);
    }
    bench("fisher_sampled", &done(Fisher::sampled(&objective, Key::new(4), 1)), &v);
    bench("hessian", &Hessian::new(&objective), &v);

    let damped = done(Ggn::new(&objective, GgnVariant::Mean)).damped(1e-9);
    let options = CgOptions { iterations: 50, tolerance: 0.0, ..CgOptions::default() };
    let gradient = done(objective.gradient());
    group.sample_size(20);
    group.bench_function("cg_of_50", |b| {
        b.iter(|| black_box(done(conjugate_gradient(&damped, &gradient, &options, None, None))));
    });
    group.finish();
}

criterion_group!(benches, products);
criterion_main!(benches);
