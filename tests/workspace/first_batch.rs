//! The first batch of seed 42 at the initial weights, compared with a dense reference in double precision.

use minima_autodiff::softmax_cross_entropy::{gradient_into, hessian_apply, mean_gradient, mean_loss, softmax};
use minima_autodiff::{Graph, Scalar, paper_cnn};
use minima_data::{EpochOrder, epoch_batches, mnist};
use minima_optim::{Arithmetic, Batch, EmulatedGaussNewton, GaussNewton, GgnVariant, SolvePrecision};
use minima_tests::golden::{Golden, relative_error};
use ndarray::{Array2, ArrayView2, Axis};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The tolerance between two computations in double precision in different orders: sums of up to a thousand terms, each rounded
/// at 1e-16.
const DOUBLE: f64 = 1e-13;

/// The network, its initial weights, and the batch.
struct FirstBatch<T> {
    golden: Golden,
    graph: Graph,
    params: Vec<T>,
    images: Array2<T>,
    labels: Vec<usize>,
}

impl<T: Scalar> FirstBatch<T> {
    fn new() -> Result<Self, Box<dyn std::error::Error>> {
        let train = mnist::load_default()?.train;
        let order = EpochOrder::new(42, train.len()).next().ok_or("no epoch")?;
        let indices = epoch_batches(&order, 128)?.next().ok_or("no batch")?;
        let (images, labels) = train.batch::<f32>(indices)?;
        // The pixels of the reference are rounded to single precision, and its weights are Flax's.
        let images = images.mapv(|x| T::from_f64(f64::from(x)));
        let graph = paper_cnn([28, 28, 1], 10)?;
        let params = graph.load(&Golden::path("init_seed42.safetensors"))?;
        Ok(Self { golden: Golden::load("first_batch_f64.safetensors")?, graph, params, images, labels })
    }

    /// The relative error of a Gauss-Newton direction.
    fn direction_error(
        &self,
        variant: GgnVariant,
        precision: SolvePrecision,
    ) -> Result<f64, Box<dyn std::error::Error>> {
        let batch = Batch::new(self.images.view(), &self.labels)?;
        let optimizer = GaussNewton::new(variant).with_precision(precision);
        let (report, direction) = optimizer.direction(&self.graph, &self.params, &batch)?;
        let loss = self.golden.numbers("loss")?[0];
        // The mean of 128 losses of order one, each rounded at 6e-8 in single precision.
        assert!((report.loss - loss).abs() < 1e-6, "loss {} against {loss}", report.loss);
        let name = match variant {
            GgnVariant::Coupled => "direction_published",
            GgnVariant::Sum => "direction_sum",
            GgnVariant::Mean => "direction_mean",
        };
        Ok(relative_error(&direction, &self.golden.numbers(name)?))
    }
}

fn assert_close<'a>(what: &str, found: impl IntoIterator<Item = &'a f64>, expected: &[f64], tolerance: f64) {
    let error = relative_error(found, expected);
    println!("{what}: {error:.1e} (tolerance {tolerance:.0e})");
    assert!(error < tolerance, "{what}: relative error {error:e}, tolerance {tolerance:e}");
}

#[test]
fn its_samples_are_the_first_of_the_seeds_order() -> Outcome {
    let golden = Golden::load("first_batch_f64.safetensors")?.integers("batch_indices")?;
    let order = EpochOrder::new(42, 60_000).next().ok_or("no epoch")?;
    let found: Vec<i64> = order.iter().take(128).map(|&i| i64::from(i)).collect();
    assert_eq!(found, golden);
    Ok(())
}

#[test]
fn logits_loss_and_derivatives() -> Outcome {
    let FirstBatch { golden, graph, params, images, labels } = FirstBatch::<f64>::new()?;
    let at = graph.linearize(&params, images.view())?;
    assert_close("logits", at.logits(), &golden.numbers("logits")?, DOUBLE);
    let loss = mean_loss(at.logits(), &labels)?;
    assert_close("loss", &[loss], &golden.numbers("loss")?, DOUBLE);

    let residual = mean_gradient(at.logits(), &labels)?;
    assert_close("gradient", &at.vjp(residual.view())?, &golden.numbers("gradient")?, DOUBLE);
    let own_loss = |i: usize, logits: &[f64], out: &mut [f64]| gradient_into(logits, labels[i], 1.0, out);
    let (_, input) = graph.logits_and_input_vjp(&params, images.view(), &own_loss)?;
    let first = input.select(Axis(0), &(0..32).collect::<Vec<_>>());
    assert_close("input gradient", &first, &golden.numbers("input_gradient")?, DOUBLE);

    let jv = at.jvp(Some(&golden.numbers("probe_v")?), None)?;
    assert_close("Jv", &jv, &golden.numbers("jvp_v")?, DOUBLE);
    let hjv = hessian_apply(softmax(at.logits()).view(), jv.view()) / labels.len() as f64;
    assert_close("Gv", &at.vjp(hjv.view())?, &golden.numbers("ggn_v_mean")?, DOUBLE);
    Ok(())
}

#[test]
fn logits_and_gradient_in_single_precision() -> Outcome {
    let FirstBatch { golden, graph, params, images, labels } = FirstBatch::<f32>::new()?;
    let at = graph.linearize(&params, images.view())?;
    let residual = mean_gradient(at.logits(), &labels)?;
    let double = |a: ArrayView2<'_, f32>| a.mapv(f64::from);
    // Rounding errors of 6e-8 grow like a random walk over sums of a few hundred terms, to about 1e-6.
    assert_close("logits, f32", &double(at.logits()), &golden.numbers("logits")?, 2e-6);
    let gradient: Vec<f64> = at.vjp(residual.view())?.into_iter().map(f64::from).collect();
    assert_close("gradient, f32", &gradient, &golden.numbers("gradient")?, 5e-6);
    Ok(())
}

#[test]
fn gauss_newton_directions_in_double_precision() -> Outcome {
    let first = FirstBatch::<f64>::new()?;
    for variant in [GgnVariant::Coupled, GgnVariant::Sum, GgnVariant::Mean] {
        let error = first.direction_error(variant, SolvePrecision::Network)?;
        println!("{variant:?}, f64: {error:.1e} (tolerance 1e-9)");
        // Both solve systems with condition number 1e6 (eigenvalues from 0.01 to 12 000). Rounding errors of 1e-16, times a
        // modest function of the order, then give 1e-10.
        assert!(error < 1e-9, "{variant:?}: {error:e}");
    }
    Ok(())
}

#[test]
fn gauss_newton_directions_in_single_precision() -> Outcome {
    let first = FirstBatch::<f32>::new()?;
    // In single precision, rounding errors of 6e-8 are multiplied by the condition number, 1e6 (`mean`: 1e4). With the system in
    // double precision, only the kernel is rounded, and most of this error cancels between both sides of the system.
    for (variant, precision, tolerance) in [
        (GgnVariant::Mean, SolvePrecision::Network, 1e-4),
        (GgnVariant::Sum, SolvePrecision::Network, 5e-3),
        (GgnVariant::Coupled, SolvePrecision::Network, 5e-3),
        (GgnVariant::Mean, SolvePrecision::Double, 1e-5),
        (GgnVariant::Sum, SolvePrecision::Double, 3e-4),
        (GgnVariant::Coupled, SolvePrecision::Double, 3e-4),
    ] {
        let error = first.direction_error(variant, precision)?;
        println!("{variant:?}, f32, system in {precision:?}: {error:.1e} (tolerance {tolerance:.0e})");
        assert!(error < tolerance, "{variant:?} {precision:?}: {error:e}, tolerance {tolerance:e}");
    }
    Ok(())
}

#[test]
fn directions_of_rounded_products() -> Outcome {
    let FirstBatch { golden, graph, params, images, labels } = FirstBatch::<f32>::new()?;
    let batch = Batch::new(images.view(), &labels)?;
    let direction = |optimizer: EmulatedGaussNewton| optimizer.direction(&graph, &params, &batch).map(|found| found.1);
    // The paper's rounding changes the published direction by 17 %. Another error means another arithmetic.
    for (variant, name, from, to) in [
        (GgnVariant::Coupled, "direction_published", 0.16, 0.18),
        (GgnVariant::Sum, "direction_sum", 0.005, 0.02),
        (GgnVariant::Mean, "direction_mean", 0.000_25, 0.001),
    ] {
        let exact = golden.numbers(name)?;
        let error = relative_error(&direction(EmulatedGaussNewton::new(variant, Arithmetic::Tf32))?, &exact);
        println!("{variant:?}, TF32: {error:.5} from double precision");
        assert!((from..to).contains(&error), "{variant:?}: {error}");
        let error = relative_error(&direction(EmulatedGaussNewton::new(variant, Arithmetic::Bf16))?, &exact);
        println!("{variant:?}, bf16: {error:.5} from double precision");
        assert!(error > 2.0 * from, "{variant:?}: {error}");
    }
    for optimizer in [
        EmulatedGaussNewton::new(GgnVariant::Coupled, Arithmetic::Tf32),
        EmulatedGaussNewton::new(GgnVariant::Coupled, Arithmetic::Tf32).in_natural_order(),
    ] {
        let error = relative_error(&direction(optimizer)?, &golden.numbers("direction_published_tf32")?);
        println!("published, TF32: {error:.4} from the dense emulation");
        // Entries of the Jacobian with different last bits can round to different 10-bit neighbours: 1.5 % of the direction.
        assert!(error < 0.03, "{error}");
    }
    Ok(())
}
