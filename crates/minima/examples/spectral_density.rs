//! A plot of the Hessian's spectral density after a short training.
//!
//! `cargo run --release -p minima --example spectral_density [picture.svg]`

use minima::autodiff::{Batch, paper_cnn};
use minima::curvature::{DensityOptions, Hessian, Objective, spectral_density};
use minima::data::{EpochOrder, epoch_batches, mnist};
use minima::optim::{Adam, Optimizer};
use plotters::prelude::*;
use plotters::style::register_font;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let data = mnist::load_default()?.train;
    let graph = paper_cnn(data.shape(), data.classes())?;
    let (mut params, mut optimizer): (Vec<f32>, _) = (graph.init(42), Adam::new(1e-3));
    let order = EpochOrder::new(42, data.len()).next().ok_or("no epoch")?;
    for indices in epoch_batches(&order, 128)?.take(100) {
        let (images, labels) = data.batch(indices)?;
        optimizer.step(&graph, &mut params, &Batch::new(images.view(), &labels)?)?;
    }

    let (images, labels) = data.take(512).all();
    let objective = Objective::of_batch(&graph, &params, Batch::new(images.view(), &labels)?)?;
    let options = DensityOptions { probes: 4, steps: 60, ..DensityOptions::default() };
    let found = spectral_density(&Hessian::new(&objective), &options)?;
    let [low, high] = found.range();
    println!("eigenvalues from {low:.3} to {high:.3}, mean {:.5}", found.moment(1));
    println!("share below zero: {:.3}, half of them below {:.2e}", found.cumulative(-1e-6), found.quantile(0.5));

    let width = high - low;
    let (left, right, sigma) = (low - 0.05 * width, high + 0.05 * width, width / 200.0);
    let grid: Vec<f64> = (0..=1000).map(|i| left + (right - left) * f64::from(i) / 1000.0).collect();
    // Few eigenvalues are far from zero: they are visible on a logarithmic axis, whose floor is a hundredth of one
    // eigenvalue.
    let floor = 0.01 / (found.order as f64 * sigma);
    let density: Vec<f64> = found.density(&grid, sigma)?.into_iter().map(|d| d.max(floor)).collect();
    let top = density.iter().copied().fold(floor, f64::max);

    let path = std::env::args().nth(1).map_or_else(|| std::env::temp_dir().join("spectral_density.svg"), PathBuf::from);
    register_font("sans-serif", FontStyle::Normal, include_bytes!("../../report/fonts/DejaVuSans.ttf"))
        .map_err(|_| "the font cannot be read")?;
    let area = SVGBackend::new(&path, (800, 450)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("Hessian of the paper's network after 100 steps", ("sans-serif", 20))
        .margin(15)
        .x_label_area_size(45)
        .y_label_area_size(65)
        .build_cartesian_2d(left..right, (floor..2.0 * top).log_scale())?;
    chart.configure_mesh().x_desc("eigenvalue").y_desc("density").y_label_formatter(&|y| format!("{y:.0e}")).draw()?;
    chart.draw_series(LineSeries::new(grid.into_iter().zip(density), &BLUE))?;
    area.present()?;
    println!("{}", path.display());
    Ok(())
}
