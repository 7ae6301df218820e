//! The spectrum of the Gauss-Newton matrix of the first batch of seed 42 at the initial weights, compared with a dense reference.

use minima_autodiff::paper_cnn;
use minima_curvature::{
    DensityOptions, EigenOptions, Ggn, GgnVariant, Objective, bottom_eigenpairs, spectral_density, top_eigenpairs,
    trace_hutch_pp,
};
use minima_data::{EpochOrder, epoch_batches, mnist};
use minima_optim::Batch;
use minima_rng::Key;
use minima_tests::golden::Golden;
use ndarray::Array2;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The images and labels of the batch. Pixels are rounded to single precision, as in the reference.
fn first_batch() -> Result<(Array2<f64>, Vec<usize>), Box<dyn std::error::Error>> {
    let train = mnist::load_default()?.train;
    let order = EpochOrder::new(42, train.len()).next().ok_or("no epoch")?;
    let indices = epoch_batches(&order, 128)?.next().ok_or("no batch")?;
    let (images, labels) = train.batch::<f32>(indices)?;
    Ok((images.mapv(f64::from), labels))
}

#[test]
fn the_gauss_newton_matrix_has_the_references_eigenvalues() -> Outcome {
    let (images, labels) = first_batch()?;
    let graph = paper_cnn([28, 28, 1], 10)?;
    let params = graph.load(&Golden::path("init_seed42.safetensors"))?;
    let objective = Objective::of_batch(&graph, &params, Batch::new(images.view(), &labels)?)?;
    let ggn = Ggn::new(&objective, GgnVariant::Mean)?;

    // The reference lists the ten largest, ascending.
    let mut expected = Golden::load("first_batch_f64.safetensors")?.numbers("ggn_mean_top10_eigenvalues")?;
    expected.reverse();
    for repeated in [false, true] {
        // The error of an eigenvalue is the squared residual over the gap to the next eigenvalue, which is 0.01 or more: 1e-13.
        let options = EigenOptions { tolerance: 1e-8, repeated, ..EigenOptions::default() };
        let found = top_eigenpairs(&ggn, expected.len(), &options)?;
        assert_eq!(found.len(), 10);
        for (pair, expected) in found.iter().zip(&expected) {
            let error = (pair.value / expected - 1.0).abs();
            println!("{:.12}: {error:.1e} (tolerance 1e-12), residual {:.1e}", pair.value, pair.residual);
            assert!(pair.converged && error < 1e-12, "{} and not {expected}", pair.value);
        }
    }
    // The matrix is positive semidefinite and singular: its rank is at most 128 · 9 of 6 794.
    let bottom = bottom_eigenpairs(&ggn, 1, &EigenOptions::default())?;
    assert!(bottom.iter().all(|pair| pair.converged && pair.value.abs() < 1e-4 && pair.value > -1e-12));

    let trace = trace_hutch_pp(&ggn, 150, Key::new(1))?;
    println!("trace {:.4} ± {:.4}", trace.value, trace.standard_error);
    let sum: f64 = expected.iter().sum();
    assert!(trace.value > sum && trace.standard_error < 0.01 * trace.value);
    let density = spectral_density(&ggn, &DensityOptions { probes: 3, steps: 40, key: Key::new(2) })?;
    let [low, high] = density.range();
    assert!(low > -1e-12 && (high / expected[0] - 1.0).abs() < 1e-9, "{low} to {high}");
    // At least 6 794 − 1 152 eigenvalues are zero. Three probes of 6 794 signs estimate their share to about 0.01.
    assert!(density.cumulative(1e-3) > 0.83);
    Ok(())
}
