//! The numbers of one model.

use crate::error::StudyError;
use minima_data::Splits;
use minima_metrics::Summary;
use minima_rows::{
    CurvatureMatrix, CurvatureRow, LogitScaleRow, ModelMeasureRow, ScaledQuantity, Scope, SpectralQuantity, TrainingRow,
};
use minima_runs::measured::{LateAttack, at_the_end, curvature, late, proved};
use minima_runs::measurement::Measurement;
use minima_runs::{Bits, Job, StoredRun, TestSet};

/// What was measured of one model.
pub(crate) struct Sources {
    training: Vec<TrainingRow>,
    pub(super) end: Measurement,
    late: Vec<LateAttack>,
    proved: Vec<(f64, Bits)>,
    curvature: Vec<CurvatureRow>,
}

impl Sources {
    /// Measures a run, as far as its measurements are not stored.
    ///
    /// # Errors
    /// Returns [`StudyError::Run`] if a measurement fails.
    pub(crate) fn of(run: &StoredRun, job: &Job, data: &Splits, test: &TestSet) -> Result<Self, StudyError> {
        let preset = &job.preset;
        Ok(Self {
            training: run.training()?,
            end: at_the_end(run, preset, test)?,
            late: late(run, preset, test)?,
            proved: proved(run, preset, test)?,
            curvature: curvature(run, job, preset, data)?,
        })
    }
}

/// A model's measures and its robustness.
///
/// # Errors
/// Returns [`StudyError::Run`] if a summary cannot be computed.
pub(crate) fn of_model(stored: &StoredRun, sources: &Sources) -> Result<Vec<ModelMeasureRow>, StudyError> {
    let run = stored.run();
    let mut rows = Vec::new();
    let mut add = |measure: String, at: Option<f64>, robustness: bool, value: f64| {
        rows.push(ModelMeasureRow {
            labels: run.labels.name().to_owned(),
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            measure,
            at,
            robustness,
            value,
        });
    };
    if let Some(last) = sources.training.last() {
        add("train loss (nats)".to_owned(), None, false, last.train_loss);
        add("test accuracy (share of images)".to_owned(), None, false, last.test_accuracy);
    }
    let end = &sources.end;
    let median = |values: &[f64]| -> Result<f64, StudyError> { Ok(Summary::of(values)?.median) };
    add(
        "median input-gradient norm (loss per unit of pixels)".to_owned(),
        None,
        false,
        median(&end.input_gradient_norms)?,
    );
    add("median logit margin (logits)".to_owned(), None, false, median(&end.logit_margins)?);
    for found in end.loss_increases.iter().filter(|found| found.scope == Scope::Batch) {
        add("median loss increase (nats)".to_owned(), Some(found.rho), false, median(&found.increases)?);
    }
    for row in &sources.curvature {
        let name = match (row.matrix, row.quantity) {
            (CurvatureMatrix::Hessian, SpectralQuantity::Largest) if row.rank == 1 => "λ₁ of the Hessian",
            (CurvatureMatrix::Hessian, SpectralQuantity::Trace) => "trace of the Hessian",
            _ => continue,
        };
        add(format!("{name}{}", if row.normalised { ", in filters" } else { "" }), None, false, row.value);
    }
    for found in &end.fgsm {
        if end.correct > 0 {
            let robust = 1.0 - found.misclassified.count() as f64 / end.correct as f64;
            add("robust to FGSM".to_owned(), Some(found.epsilon), true, robust);
        }
    }
    for attack in sources.late.iter().filter(|attack| attack.attack == "autoattack" && attack.epoch == stored.epochs())
    {
        if attack.correct > 0 {
            let robust = f64::from(attack.robust) / f64::from(attack.correct);
            add("robust to AutoAttack".to_owned(), Some(attack.epsilon), true, robust);
        }
    }
    for (epsilon, proved) in &sources.proved {
        let correct = end.is_correct.0.iter().take(proved.0.len()).filter(|correct| **correct).count();
        if correct > 0 {
            add("proved".to_owned(), Some(*epsilon), true, proved.count() as f64 / correct as f64);
        }
    }
    Ok(rows)
}

/// The measures that depend on the scale of the logits, at the common scale. The mean margin is the same for all models there.
pub(super) fn at_a_common_scale(rows: &[LogitScaleRow]) -> Vec<ModelMeasureRow> {
    let name = |quantity| match quantity {
        ScaledQuantity::InputGradientNorm => Some("median input-gradient norm, logits scaled"),
        ScaledQuantity::LogitMargin => Some("median logit margin, logits scaled"),
        ScaledQuantity::LossIncrease => Some("median loss increase, logits scaled"),
        ScaledQuantity::TestLoss => None,
    };
    let own = rows.iter().filter_map(|row| Some((row, name(row.quantity)?)));
    own.map(|(row, measure)| ModelMeasureRow {
        labels: row.labels.clone(),
        optimizer: row.optimizer.clone(),
        seed: row.seed,
        measure: measure.to_owned(),
        at: row.rho,
        robustness: false,
        value: row.median_after,
    })
    .collect()
}
