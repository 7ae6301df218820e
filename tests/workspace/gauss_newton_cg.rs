//! Gauss-Newton directions by conjugate gradients, compared with exact directions on batches of MNIST in single precision.

use minima_autodiff::{Graph, paper_cnn};
use minima_data::{Dataset, EpochOrder, epoch_batches, mnist};
use minima_optim::{Adam, Batch, CgSolver, Curvature, FisherKind, GgnVariant, Optimizer, SecondOrder, Solver};
use minima_tests::golden::{Golden, relative_error};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The paper's damping.
const DAMPING: f64 = 0.01;
const BATCH: usize = 128;

struct Mnist {
    graph: Graph,
    train: Dataset,
    order: Vec<u32>,
}

impl Mnist {
    fn load() -> Result<Self, Box<dyn std::error::Error>> {
        let train = mnist::load_default()?.train;
        let order = EpochOrder::new(42, train.len()).next().ok_or("no epoch")?;
        Ok(Self { graph: paper_cnn([28, 28, 1], 10)?, train, order })
    }

    /// The weights after Adam's first `steps` steps.
    fn trained(&self, steps: usize) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
        let mut params = self.graph.load(&Golden::path("init_seed42.safetensors"))?;
        let mut adam = Adam::new(1e-3);
        for indices in epoch_batches(&self.order, BATCH)?.take(steps) {
            let (images, labels) = self.train.batch(indices)?;
            adam.step(&self.graph, &mut params, &Batch::new(images.view(), &labels)?)?;
        }
        Ok(params)
    }
}

/// Compares the direction of conjugate gradients with the exact direction.
fn check(curvature: Curvature, preconditioned: bool) -> Outcome {
    let mnist = Mnist::load()?;
    let indices = epoch_batches(&mnist.order, BATCH)?.nth(300).ok_or("no batch")?;
    let (images, labels) = mnist.train.batch(indices)?;
    for steps in [0, 200] {
        let mut params = mnist.trained(steps)?;
        let batch = Batch::new(images.view(), &labels)?;
        let exact = SecondOrder::new(curvature).with_damping(DAMPING);
        let (_, expected) = exact.direction(&mnist.graph, &params, &batch)?;
        let expected: Vec<f64> = expected.into_iter().map(f64::from).collect();
        let cg = CgSolver { preconditioned, ..CgSolver::new(2000, 1e-6) };
        let mut solved = exact.clone().with_solver(Solver::Cg(cg)).with_learning_rate(0.0);
        let (_, found) = solved.direction(&mnist.graph, &params, &batch)?;
        solved.step(&mnist.graph, &mut params, &batch)?;
        let log = solved.last_step().and_then(|log| log.cg).ok_or("no log")?;
        let error = relative_error(&found, &expected);
        println!(
            "{curvature:?}, preconditioned {preconditioned}, after {steps} steps of Adam: {error:.1e} (tolerance 1e-4)"
        );
        println!("    {log:?}");
        // The error is the residual, 1e-6, and rounding, 6e-8, times 10 to 1e4: between the root of the condition number and the
        // condition number.
        assert!(error < 1e-4, "{curvature:?}, {steps} steps: {error:e}");
    }
    Ok(())
}

#[test]
fn of_the_mean_loss() -> Outcome {
    check(Curvature::GaussNewton(GgnVariant::Mean), false)
}

#[test]
fn of_the_mean_loss_preconditioned() -> Outcome {
    check(Curvature::GaussNewton(GgnVariant::Mean), true)
}

#[test]
fn with_drawn_labels() -> Outcome {
    check(Curvature::Fisher(FisherKind::Sampled { samples: 1, seed: 5 }), false)
}

#[test]
fn with_true_labels() -> Outcome {
    check(Curvature::Fisher(FisherKind::Empirical), false)
}
