//! `predictors`: which measures of a model go with its robustness.
//!
//! Sharpness, traces, input gradients and margins are each said to predict robustness. This study measures all of them on every
//! model of clean labels, and compares their ranks with the ranks of the models' robustness: FGSM, AutoAttack, and proofs. A measure
//! that only tells optimizers apart has no correlation among the models of one optimizer, and a measure that only follows the scale
//! of the logits has none at a common scale.

mod correlations;
mod measures;

pub use correlations::correlations;
pub(crate) use measures::{Sources, of_model};

use crate::context::Context;
use crate::error::StudyError;
use crate::logit_scale::{common_factors, measure};
use crate::options::StudyOptions;
use measures::at_a_common_scale;
use minima_metrics::Summary;
use minima_rows::write_csv;
use minima_runs::run_all;

/// Writes `measures.csv` and `correlations.csv`.
pub(super) fn gather(context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
    let (preset, test) = (&options.preset, &context.test);
    let models = context.measure(&options.clean_runs()?, |job, run| {
        let sources = Sources::of(run, job, context.data, &context.test)?;
        let model = run.last()?;
        let margin = Summary::of(&sources.end.logit_margins)?.mean;
        Ok((model, margin, of_model(run, &sources)?))
    })?;
    // All models, of all seeds, come to one scale.
    let margins: Vec<f64> = models.iter().map(|(_, (_, margin, _))| *margin).collect();
    let factors = common_factors(&vec![(); models.len()], &margins);
    let scaled: Vec<_> = models.iter().zip(factors).filter_map(|(model, factor)| Some((model, factor?))).collect();
    let found = run_all(&scaled, context.threads, |((stored, (model, ..)), factor)| {
        measure(stored.run(), model, *factor, test, preset)
    });
    let names = scaled.iter().map(|((stored, _), _)| stored.run().name());
    let at_one_scale = context.measured(names.zip(found));
    let mut rows: Vec<_> = models.iter().flat_map(|(_, (.., rows))| rows.clone()).collect();
    rows.extend(at_one_scale.iter().flat_map(|measured| at_a_common_scale(&measured.rows)));
    write_csv(&context.folder.join("measures.csv"), &rows)?;
    Ok(write_csv(&context.folder.join("correlations.csv"), &correlations(&rows)?)?)
}
