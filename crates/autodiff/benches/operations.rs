//! Each operation alone, at its shapes in the paper's network, and the passes of the whole network.
//!
//! A network of one operation also copies images in and values out, and its times here include this. Run with
//! `cargo bench -p minima-autodiff` (`RAYON_NUM_THREADS=1` for one thread).

use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime};
use minima_autodiff::{AutodiffError, Conv2dSpec, Graph, GraphBuilder, Value, paper_cnn};
use ndarray::{Array2, Array3};
use std::hint::black_box;

/// The paper's batch size.
const BATCH: usize = 128;

/// Adds the one operation to measure to a graph.
type Build = fn(&mut GraphBuilder, Value) -> Result<Value, AutodiffError>;

/// Name, shape of the input, operation.
const OPERATIONS: [(&str, &[usize], Build); 7] = [
    ("conv2d_28x28_1_to_4", &[28, 28, 1], |g, x| g.conv2d(x, "op", Conv2dSpec::same(4, 3))),
    ("conv2d_14x14_4_to_8", &[14, 14, 4], |g, x| g.conv2d(x, "op", Conv2dSpec::same(8, 3))),
    ("relu_28x28_4", &[28, 28, 4], |g, x| Ok(g.relu(x))),
    ("avg_pool2d_28x28_4", &[28, 28, 4], |g, x| g.avg_pool2d(x, [2, 2], [2, 2])),
    ("max_pool2d_28x28_4", &[28, 28, 4], |g, x| g.max_pool2d(x, [2, 2], [2, 2])),
    ("dense_392_to_16", &[392], |g, x| g.dense(x, "op", 16)),
    ("dense_16_to_10", &[16], |g, x| g.dense(x, "op", 10)),
];

/// The computed value, for a benchmark that cannot return an error.
fn done<T>(result: Result<T, AutodiffError>) -> T {
    result.unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1)
    })
}

/// Numbers in [-0.5, 0.5) without a pattern that a branch predictor could learn.
fn values(rows: usize, columns: usize) -> Array2<f32> {
    let mut x = 0.0;
    Array2::from_shape_simple_fn((rows, columns), || {
        x = (x + 0.618_034_f32) * 1.000_1 % 1.0;
        x - 0.5
    })
}

fn network(input: &[usize], build: Build) -> Result<Graph, AutodiffError> {
    let mut g = GraphBuilder::new(input);
    let x = g.input();
    let y = build(&mut g, x)?;
    let y = g.flatten(y);
    g.finish(y)
}

/// Forward, and both modes of differentiation, with respect to parameters only if the network has some.
fn passes(group: &mut BenchmarkGroup<'_, WallTime>, graph: &Graph) {
    let params = graph.init(42);
    let images = values(BATCH, graph.features());
    let w = values(BATCH, graph.classes());
    let along = values(BATCH, graph.features());
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("forward", |b| b.iter(|| black_box(done(graph.logits(&params, images.view())))));
    group.bench_function("linearize", |b| b.iter(|| black_box(done(graph.linearize(&params, images.view())))));
    let at = done(graph.linearize(&params, images.view()));
    group.bench_function("vjp_input", |b| b.iter(|| black_box(done(at.vjp_input(w.view())))));
    group.bench_function("jvp_input", |b| b.iter(|| black_box(done(at.jvp(None, Some(along.view()))))));
    if graph.parameter_count() > 0 {
        group.bench_function("vjp", |b| b.iter(|| black_box(done(at.vjp(w.view())))));
        group.bench_function("jvp", |b| b.iter(|| black_box(done(at.jvp(Some(&params), None)))));
    }
}

fn operations(c: &mut Criterion) {
    for (name, input, build) in OPERATIONS {
        let mut group = c.benchmark_group(name);
        passes(&mut group, &done(network(input, build)));
        group.finish();
    }
}

fn paper_network(c: &mut Criterion) {
    let graph = done(paper_cnn([28, 28, 1], 10));
    let mut group = c.benchmark_group("paper_cnn");
    passes(&mut group, &graph);
    let params = graph.init(42);
    let images = values(BATCH, graph.features());
    let at = done(graph.linearize(&params, images.view()));
    let nine = Array3::from_shape_fn((9, BATCH, 10), |(k, i, c)| ((7 * k + 5 * i + 3 * c) % 11) as f32 / 11.0 - 0.5);
    group.sample_size(30);
    let w = values(BATCH, graph.classes());
    group.bench_function("per_sample_gradients", |b| {
        b.iter(|| black_box(done(at.per_sample_gradients(w.view()))));
    });
    group.bench_function("gram_of_nine", |b| b.iter(|| black_box(done(at.gram(nine.view())))));
    group.bench_function("kernel", |b| b.iter(|| black_box(done(at.kernel()))));
    group.finish();
}

criterion_group!(benches, operations, paper_network);
criterion_main!(benches);
