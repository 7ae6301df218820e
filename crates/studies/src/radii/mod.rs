//! `radii`: the distance to the nearest misclassified image, between the largest radius that is proved and the smallest one that an
//! attack breaks.
//!
//! An attack that fails proves nothing, and a proof that is not found says nothing about the model. Both together give each image a
//! bracket. The study compares the mean ends of the brackets between optimizers, and their ranks with the ranks of other measures and of
//! what attacks find.

mod differences;

pub use differences::{ModelRadii, differences};

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use crate::predictors::{Sources, correlations, of_model};
use minima_metrics::Summary;
use minima_rows::{ModelMeasureRow, RadiusRow, write_csv};
use minima_runs::measured::{Brackets, brackets};

/// Writes `radii.csv`, `differences.csv` and `correlations.csv`.
pub(super) fn gather(context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
    let preset = &options.preset;
    if preset.certified_images == 0 {
        return Err(StudyError::Option {
            option: "certified_images",
            found: "0".to_owned(),
            expected: "at least one image to find the radii of".to_owned(),
        });
    }
    let found = context.measure(&options.clean_runs()?, |job, run| {
        let brackets = brackets(run, preset, &context.test)?;
        Ok((brackets, of_model(run, &Sources::of(run, job, context.data, &context.test)?)?))
    })?;
    let mut rows = Vec::new();
    let mut models = Vec::new();
    let mut measures = Vec::new();
    for (stored, (brackets, others)) in found {
        let run = stored.run();
        let radii = row(run.labels.name(), &run.optimizer, run.seed, &brackets)?;
        measures.extend(others.into_iter().map(|other| ModelMeasureRow { robustness: false, ..other }));
        measures.extend(as_robustness(&radii));
        rows.push(radii);
        models.push(ModelRadii {
            optimizer: run.optimizer.clone(),
            seed: run.seed,
            proved: brackets.proved.clone(),
            broken: brackets.at_most(),
        });
    }
    write_csv(&context.folder.join("radii.csv"), &rows)?;
    (context.listener)(crate::StudyEvent::Stage("comparisons of optimizers"));
    write_csv(&context.folder.join("differences.csv"), &differences(&models)?)?;
    Ok(write_csv(&context.folder.join("correlations.csv"), &correlations(&measures)?)?)
}

/// Both ends of a model's mean bracket as measures of its robustness.
fn as_robustness(row: &RadiusRow) -> [ModelMeasureRow; 2] {
    [("mean proved radius", row.mean_proved), ("mean broken radius", row.mean_broken)].map(|(measure, value)| {
        ModelMeasureRow {
            labels: row.labels.clone(),
            optimizer: row.optimizer.clone(),
            seed: row.seed,
            measure: measure.to_owned(),
            at: None,
            robustness: true,
            value,
        }
    })
}

fn row(labels: &str, optimizer: &str, seed: u64, brackets: &Brackets) -> Result<RadiusRow, StudyError> {
    let (proved, broken) = (Summary::of(&brackets.proved)?, Summary::of(&brackets.at_most())?);
    let count = |is: fn(&Option<f64>) -> bool| brackets.broken.iter().filter(|radius| is(radius)).count() as u32;
    Ok(RadiusRow {
        labels: labels.to_owned(),
        optimizer: optimizer.to_owned(),
        seed,
        images: brackets.broken.len() as u32,
        correct: count(|radius| *radius != Some(0.0)),
        unbroken: count(Option::is_none),
        mean_proved: proved.mean,
        mean_broken: broken.mean,
        median_proved: proved.median,
        median_broken: broken.median,
    })
}
