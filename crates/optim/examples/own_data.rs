//! Trains on arrays of your own, here two half circles:
//! `cargo run --release -p minima-optim --example own_data -- kfac`.
use minima_autodiff::GraphBuilder;
use minima_optim::{Adam, Batch, Ekfac, GaussNewton, GgnVariant, Kfac, OptimError, Optimizer, Sam, SecondOrder, Sgd};
use minima_rng::Key;
use ndarray::{Array2, Axis};

fn main() -> Result<(), OptimError> {
    // 512 points of the plane, one per row, and their classes.
    let (angles, noise) = (Key::new(1).uniform_in(512, 0.0, 3.2), Key::new(2).normal(1024));
    let labels: Vec<usize> = (0..512).map(|i| i % 2).collect();
    let points = Array2::from_shape_fn((512, 2), |(i, axis)| {
        let moon = [angles[i].cos() - 0.5, angles[i].sin() - 0.25][axis];
        (if labels[i] == 0 { moon } else { -moon }) + 0.1 * noise[2 * i + axis]
    });
    let mut g = GraphBuilder::new(&[2]);
    let x = g.dense(g.input(), "Dense_0", 16)?;
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 2)?;
    let graph = g.finish(x)?;
    let optimizers: [(&str, Box<dyn Optimizer<f32>>); 7] = [
        ("sgd", Box::new(Sgd::new(0.1).with_momentum(0.9))),
        ("adam", Box::new(Adam::new(0.01))),
        ("gauss-newton", Box::new(GaussNewton::mean().with_learning_rate(0.3))),
        ("gauss-newton-cg", Box::new(SecondOrder::gauss_newton(GgnVariant::Mean).with_cg(10, 1e-3))),
        ("kfac", Box::new(Kfac::new(0.01))),
        ("ekfac", Box::new(Ekfac::new(0.01))),
        ("sam", Box::new(Sam::new(Sgd::new(0.1).with_momentum(0.9), 0.05))),
    ];
    let only = std::env::args().nth(1);
    for (name, mut optimizer) in optimizers.into_iter().filter(|o| only.as_deref().is_none_or(|name| name == o.0)) {
        let mut params: Vec<f32> = graph.init(42);
        for (x, y) in (0..20).flat_map(|_epoch| points.axis_chunks_iter(Axis(0), 64).zip(labels.chunks(64))) {
            optimizer.step(&graph, &mut params, &Batch::new(x, y)?)?;
        }
        let report = optimizer.step(&graph, &mut params, &Batch::new(points.view(), &labels)?)?;
        println!("{name:15} loss {:.4}, {} of 512 correct", report.loss, report.correct);
    }
    Ok(())
}
