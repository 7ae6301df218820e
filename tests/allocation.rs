//! The allocations of a step after the first steps: little more than a partial gradient for each block of 16 images. All larger
//! buffers (the values of a block, Gram matrices, systems; 25 MB in a Gauss-Newton step) come from pools.

use minima_autodiff::paper_cnn;
use minima_optim::{Adam, Batch, GaussNewton, GgnVariant, Optimizer, Sgd};
use minima_rng::Key;
use ndarray::Array2;

#[test]
fn a_step_allocates_little_once_it_has_run() -> Result<(), Box<dyn std::error::Error>> {
    const IMAGES: usize = 128;
    let graph = paper_cnn([28, 28, 1], 10)?;
    let images = Array2::from_shape_vec((IMAGES, 784), Key::new(5).uniform(IMAGES * 784))?;
    let labels: Vec<usize> = (0..IMAGES).map(|i| i * 3 % 10).collect();
    let mut optimizers: [(&str, Box<dyn Optimizer<f32>>); 4] = [
        ("sgd", Box::new(Sgd::new(0.01))),
        ("adam", Box::new(Adam::new(0.001))),
        ("mean", Box::new(GaussNewton::mean())),
        ("published", Box::new(GaussNewton::new(GgnVariant::Coupled))),
    ];
    // Allocations are counted on one thread.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let partial_gradients = (IMAGES / 16) * graph.parameter_count() * size_of::<f32>();
    let allowed = (partial_gradients + 32 * 1024) as u64;
    pool.install(|| {
        for (name, optimizer) in &mut optimizers {
            let mut params: Vec<f32> = graph.init(42);
            let mut step = || {
                let batch = Batch::new(images.view(), &labels)?;
                optimizer.step(&graph, &mut params, &batch)
            };
            step().unwrap();
            step().unwrap();
            let mut outcome = None;
            let counted = allocation_counter::measure(|| outcome = Some(step()));
            assert!(outcome.is_some_and(|o| o.is_ok()), "{name}");
            assert!(counted.bytes_max <= allowed, "{name} held {} bytes, more than {allowed}", counted.bytes_max);
            assert!(counted.bytes_current <= 0, "{name} kept {} bytes", counted.bytes_current);
        }
    });
    Ok(())
}
