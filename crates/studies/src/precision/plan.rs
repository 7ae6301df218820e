//! The runs of the study: a clean run for each seed, variant and arithmetic.

use crate::error::StudyError;
use crate::options::StudyOptions;
use minima_config::Labels;
use minima_config::Run;
use minima_config::optimizer_spec::{EmulatedSpec, GaussNewtonSpec, OptimizerSpec};
use minima_config::preset::Precision;
use minima_optim::{Arithmetic, GgnVariant, SolvePrecision};
use minima_rows::optimizers::{MEAN, PUBLISHED, SUM};
use minima_runs::Job;

/// The arithmetic that the others are compared with.
pub(super) const EXACT: &str = "f64";

/// A run with what it is about.
pub(super) struct Planned {
    pub variant: String,
    pub arithmetic: String,
    pub job: Job,
}

pub(super) fn plan(options: &StudyOptions) -> Result<Vec<Planned>, StudyError> {
    let mut plan = Vec::new();
    for &seed in &options.preset.seeds {
        for variant in &options.variants {
            for arithmetic in &options.arithmetics {
                let job = job(options, variant, arithmetic, seed)?;
                plan.push(Planned { variant: variant.clone(), arithmetic: arithmetic.clone(), job });
            }
        }
    }
    Ok(plan)
}

/// Learning rate and damping come from the experiment's Gauss-Newton of this variant, or from the paper.
pub(super) fn job(options: &StudyOptions, variant: &str, arithmetic: &str, seed: u64) -> Result<Job, StudyError> {
    let unknown = |option, found: &str, expected: &str| StudyError::Option {
        option,
        found: found.to_owned(),
        expected: expected.to_owned(),
    };
    let (optimizer, variant) = match variant {
        "coupled" => (PUBLISHED, GgnVariant::Coupled),
        "sum" => (SUM, GgnVariant::Sum),
        "mean" => (MEAN, GgnVariant::Mean),
        other => return Err(unknown("variants", other, "coupled, sum or mean")),
    };
    let mut preset = options.preset.clone();
    let point = preset.optimizer(optimizer).ok().map(OptimizerSpec::point);
    let learning_rate = point.map_or(0.01, |point| point.learning_rate);
    let damping = point.and_then(|point| point.damping).unwrap_or(0.01);
    let exact = |precision| {
        OptimizerSpec::GaussNewton(GaussNewtonSpec { variant, learning_rate, damping, precision, labels: None })
    };
    let emulated = |arithmetic| {
        OptimizerSpec::GaussNewtonEmulated(EmulatedSpec { variant, arithmetic, learning_rate, damping, labels: None })
    };
    let (precision, spec) = match arithmetic {
        EXACT => (Precision::Double, exact(SolvePrecision::Double)),
        "f32" => (Precision::Single, exact(SolvePrecision::Network)),
        "tf32" => (Precision::Single, emulated(Arithmetic::Tf32)),
        "bf16" => (Precision::Single, emulated(Arithmetic::Bf16)),
        other => return Err(unknown("arithmetics", other, "f64, f32, tf32 or bf16")),
    };
    preset.precision = precision;
    preset.optimizers.insert(optimizer.to_owned(), spec.clone().into());
    let run = Run { labels: Labels::Clean, optimizer: optimizer.to_owned(), seed };
    Ok(Job::new(&preset, run)?.with_optimizer(spec, arithmetic))
}
