//! Trains on one's own arrays, here two half circles: `cargo run --release -p minima-optim --example own_data -- kfac`.
use minima_autodiff::GraphBuilder;
use minima_optim::{Adam, Batch, Ekfac, GaussNewton, Kfac, OptimError, Optimizer, Sam, Sgd};
use minima_rng::Key;
use ndarray::{Array2, Axis};

fn main() -> Result<(), OptimError> {
    // 512 points of the plane, a row each, and their classes.
    let noise = Key::new(1).normal(1024);
    let labels: Vec<usize> = (0..512).map(|i| i % 2).collect();
    let points = Array2::from_shape_fn((512, 2), |(i, axis)| {
        let angle = i as f32 / 512.0 * std::f32::consts::PI;
        let moon = [angle.cos() - 0.5, angle.sin() - 0.25][axis];
        (if labels[i] == 0 { moon } else { -moon }) + 0.1 * noise[2 * i + axis]
    });
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
    let name = std::env::args().nth(1);
    for (name, mut optimizer) in optimizers.into_iter().filter(|o| name.as_deref().is_none_or(|name| name == o.0)) {
        let mut params: Vec<f32> = graph.init(42);
        for rows in (0..20).flat_map(|epoch| Key::new(epoch).permutation(512)).collect::<Vec<_>>().chunks(64) {
            let rows: Vec<usize> = rows.iter().map(|&row| row as usize).collect();
            let (x, y) = (points.select(Axis(0), &rows), rows.iter().map(|&row| labels[row]).collect::<Vec<_>>());
            optimizer.step(&graph, &mut params, &Batch::new(x.view(), &y)?)?;
        }
        let report = optimizer.step(&graph, &mut params, &Batch::new(points.view(), &labels)?)?;
        println!("{name:12} loss {:.8}, {} of 512 correct", report.loss, report.correct);
    }
    Ok(())
}
