//! Trains on arrays of one's own, here two interleaved half circles: `cargo run --release --example own_data -- kfac`.

use minima_autodiff::GraphBuilder;
use minima_optim::{Adam, Batch, Ekfac, GaussNewton, Kfac, OptimError, Optimizer, Sam, Sgd};
use minima_rng::Key;
use ndarray::Array2;

fn main() -> Result<(), OptimError> {
    // The data: 512 points of the plane, one row each, and their classes. Any arrays will do.
    let (angles, noise) = (Key::new(1).uniform_in(512, 0.0, std::f32::consts::PI), Key::new(2).normal(1024));
    let labels: Vec<usize> = (0..512).map(|i| i % 2).collect();
    let points = Array2::from_shape_fn((512, 2), |(i, axis)| {
        let moon = [angles[i].cos() - 0.5, angles[i].sin() - 0.25][axis];
        (if labels[i] == 0 { moon } else { -moon }) + 0.1 * noise[2 * i + axis]
    });

    // The network: 2 inputs, 16 rectified units, 2 classes.
    let mut g = GraphBuilder::new(&[2]);
    let x = g.dense(g.input(), "Dense_0", 16)?;
    let x = g.relu(x);
    let x = g.dense(x, "Dense_1", 2)?;
    let graph = g.finish(x)?;

    let optimizers: [(&str, Box<dyn Optimizer<f32>>); 6] = [
        ("sgd", Box::new(Sgd::new(0.1).with_momentum(0.9))),
        ("adam", Box::new(Adam::new(0.01))),
        ("gauss-newton", Box::new(GaussNewton::mean().with_learning_rate(0.3))),
        ("kfac", Box::new(Kfac::new(0.03))),
        ("ekfac", Box::new(Ekfac::new(0.03))),
        ("sam", Box::new(Sam::new(Sgd::new(0.1).with_momentum(0.9), 0.05))),
    ];
    let wanted = std::env::args().nth(1);
    for (name, mut optimizer) in optimizers.into_iter().filter(|(name, _)| wanted.as_deref().is_none_or(|w| w == *name))
    {
        let mut params: Vec<f32> = graph.init(42);
        for epoch in 1..=20 {
            let (mut loss, mut correct) = (0.0, 0);
            for (points, labels) in points.axis_chunks_iter(ndarray::Axis(0), 64).zip(labels.chunks(64)) {
                let report = optimizer.step(&graph, &mut params, &Batch::new(points, labels)?)?;
                (loss, correct) = (loss + report.loss / 8.0, correct + report.correct);
            }
            if epoch % 5 == 0 {
                println!("{name:12} epoch {epoch:2}: loss {loss:.4}, {correct} of 512 correct");
            }
        }
    }
    Ok(())
}
