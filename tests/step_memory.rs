//! The memory of a step that [`Graph::step_memory`](minima_autodiff::Graph::step_memory) computes, against the allocations
//! of a program's first step, when all pools are empty.

use minima_autodiff::{Conv2dSpec, GraphBuilder};
use minima_optim::{Batch, GaussNewton, Kfac, OptimError, Optimizer};
use minima_rng::Key;
use ndarray::Array2;

/// A step of a network of a few numbers. The first matrix product of a thread reserves space, which no later one does; the pools' buffers
/// are too small for other networks.
fn small_step() -> Result<(), OptimError> {
    let mut g = GraphBuilder::new(&[4]);
    let y = g.dense(g.input(), "Dense_0", 3)?;
    let graph = g.finish(y)?;
    let images = Array2::from_elem((2, 4), 0.5);
    let mut params: Vec<f32> = graph.init(1);
    GaussNewton::mean().step(&graph, &mut params, &Batch::new(images.view(), &[0, 2])?)?;
    Ok(())
}

#[test]
fn a_gauss_newton_step_takes_the_memory_that_is_printed() -> Result<(), Box<dyn std::error::Error>> {
    const IMAGES: usize = 64;
    // Allocations are counted on one thread.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(small_step)?;
    let mut g = GraphBuilder::new(&[16, 16, 3]);
    let mut x = g.input();
    for (layer, features) in [16, 32, 48].into_iter().enumerate() {
        let strided = Conv2dSpec { stride: [2, 2], ..Conv2dSpec::same(features, 3) };
        x = g.conv2d(x, &format!("Conv_{layer}"), if layer == 0 { Conv2dSpec::same(features, 3) } else { strided })?;
        x = g.relu(x);
    }
    let x = g.flatten(x);
    let y = g.dense(x, "Dense_0", 10)?;
    let graph = g.finish(y)?;
    let images = Array2::from_shape_vec((IMAGES, 768), Key::new(5).uniform(IMAGES * 768))?;
    let labels: Vec<usize> = (0..IMAGES).map(|i| i * 3 % 10).collect();
    let batch = Batch::new(images.view(), &labels)?;
    let mut params: Vec<f32> = graph.init(42);
    let mut outcome = None;
    let counted = pool.install(|| {
        allocation_counter::measure(|| outcome = Some(GaussNewton::mean().step(&graph, &mut params, &batch)))
    });
    assert!(outcome.is_some_and(|o| o.is_ok()));
    let (printed, taken) = (graph.step_memory::<f32, f64>(IMAGES, 9, 1).gauss_newton, counted.bytes_max);
    // The gradients of all layers are most of it. Scratch space, tiles and the solver's small matrices are not counted.
    assert!(taken > printed / 10 * 9 && taken < printed / 10 * 12, "{taken} bytes taken, {printed} printed");
    Ok(())
}

#[test]
fn a_kfac_step_takes_the_memory_that_is_printed() -> Result<(), Box<dyn std::error::Error>> {
    const WIDTH: usize = 600;
    const IMAGES: usize = 16;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let mut g = GraphBuilder::new(&[WIDTH]);
    let x = g.dense(g.input(), "Dense_0", WIDTH)?;
    let x = g.relu(x);
    let y = g.dense(x, "Dense_1", 10)?;
    let graph = g.finish(y)?;
    let images = Array2::from_shape_vec((IMAGES, WIDTH), Key::new(5).uniform(IMAGES * WIDTH))?;
    let labels: Vec<usize> = (0..IMAGES).map(|i| i * 3 % 10).collect();
    let batch = Batch::new(images.view(), &labels)?;
    let (mut params, mut optimizer): (Vec<f32>, _) = (graph.init(42), Kfac::new(0.01));
    // The first step also reserves space for matrix products.
    pool.install(|| optimizer.step(&graph, &mut params, &batch))?;
    let mut outcome = None;
    let counted =
        pool.install(|| allocation_counter::measure(|| outcome = Some(optimizer.step(&graph, &mut params, &batch))));
    assert!(outcome.is_some_and(|o| o.is_ok()));
    // The older factors and inverses are there before the step.
    let squares = (WIDTH + 1).pow(2) + WIDTH.pow(2) + (WIDTH + 1).pow(2) + 10_usize.pow(2);
    let (printed, held) = (graph.step_memory::<f32, f64>(IMAGES, 9, 1).kfac, (2 * 4 * squares) as u64);
    let taken = counted.bytes_max + held;
    // Gradients and momenta are not counted: 361 000 parameters, 1.5 MB each of some 20 MB.
    assert!(taken > printed / 10 * 9 && taken < printed / 10 * 13, "{taken} bytes taken, {printed} printed");
    Ok(())
}
