//! `seeds`: the effect of chance. The paper's experiment from several seeds, the spread over seeds and over the last epochs, FGSM
//! and AutoAttack, proofs, and the paper's claims.

use crate::claims::{ClaimOptions, ModelOutcome, evaluate};
use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use crate::progress::StudyEvent;
use minima_config::Labels;
use minima_rows::{DistributionRow, FgsmRow, LateAttackRow, Scope, SharpnessRow, TrainingRow, write_csv};
use minima_runs::measured::{LateAttack, at_the_end, late, proved};
use minima_runs::measurement::Measurement;
use minima_runs::{Bits, StoredRun};

/// Writes `training.csv`, the paper's tables in `tables/`, `late.csv` and `claims.csv`.
pub(super) fn gather(context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
    let (preset, test) = (&options.preset, &context.test);
    let measured = context.measure(&options.runs()?, |_, run| {
        Ok((run.training()?, at_the_end(run, preset, test)?, late(run, preset, test)?, proved(run, preset, test)?))
    })?;
    let mut rows = Rows::default();
    let mut outcomes = Vec::new();
    for (run, (training, end, late, proved)) in measured {
        rows.add(&run, training, &end, &late)?;
        outcomes.push(outcome(&run, end, &late, proved));
    }
    rows.write(context)?;
    (context.listener)(StudyEvent::Stage("comparisons of optimizers"));
    let how = ClaimOptions { sharpness_batch: preset.sharpness_batch, ..ClaimOptions::default() };
    Ok(write_csv(&context.folder.join("claims.csv"), &evaluate(options.claims, &outcomes, &how)?)?)
}

/// The outcome of a run for the claims, image by image.
fn outcome(stored: &StoredRun, end: Measurement, late: &[LateAttack], proved: Vec<(f64, Bits)>) -> ModelOutcome {
    let run = stored.run();
    let increases = end.loss_increases.into_iter().filter(|found| found.scope == Scope::Batch);
    let of_images = |attack: &LateAttack| {
        let robust = attack.robust_images.as_ref()?;
        Some((attack.attack.clone(), attack.epsilon, robust.0.clone()))
    };
    ModelOutcome {
        labels: run.labels.name().to_owned(),
        optimizer: run.optimizer.clone(),
        seed: run.seed,
        correct: end.is_correct.0,
        flipped: end.fgsm.into_iter().map(|attack| (attack.epsilon, attack.misclassified.0)).collect(),
        input_gradient_norms: end.input_gradient_norms,
        logit_margins: end.logit_margins,
        loss_increases: increases.map(|found| (found.rho, found.increases)).collect(),
        robust: late.iter().filter_map(of_images).collect(),
        proved: proved.into_iter().map(|(epsilon, images)| (epsilon, images.0)).collect(),
    }
}

/// The rows of the study's files.
#[derive(Default)]
struct Rows {
    training: Vec<TrainingRow>,
    clean_fgsm: Vec<FgsmRow>,
    poisoned_fgsm: Vec<FgsmRow>,
    sharpness: Vec<SharpnessRow>,
    distributions: Vec<DistributionRow>,
    late: Vec<LateAttackRow>,
}

impl Rows {
    fn add(
        &mut self,
        stored: &StoredRun,
        training: Vec<TrainingRow>,
        end: &Measurement,
        late: &[LateAttack],
    ) -> Result<(), StudyError> {
        let run = stored.run();
        let (labels, optimizer, seed) = (run.labels.name(), run.optimizer.as_str(), run.seed);
        let clean = run.labels == Labels::Clean;
        self.training.extend(training);
        let mut rows = end.rows(labels, optimizer, seed)?;
        if clean { &mut self.clean_fgsm } else { &mut self.poisoned_fgsm }.append(&mut rows.fgsm);
        self.distributions.append(&mut rows.distributions);
        if clean {
            self.sharpness.append(&mut rows.sharpness);
        }
        self.late.extend(late.iter().map(|attack| attack.row(run)));
        Ok(())
    }

    fn write(&self, context: &Context<'_>) -> Result<(), StudyError> {
        let (folder, tables) = (&context.folder, context.folder.join("tables"));
        write_csv(&folder.join("training.csv"), &self.training)?;
        write_csv(&tables.join("fgsm.csv"), &[self.clean_fgsm.as_slice(), &self.poisoned_fgsm].concat())?;
        write_csv(&tables.join("sharpness.csv"), &self.sharpness)?;
        write_csv(&tables.join("distributions.csv"), &self.distributions)?;
        Ok(write_csv(&folder.join("late.csv"), &self.late)?)
    }
}
