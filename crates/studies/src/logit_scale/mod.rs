//! `logit-scale`: which differences between the minima are differences in the scale of the logits.
//!
//! Losses, input gradients (figure 2), margins (figure 3) and loss increases under weight perturbations (table 3) depend on the
//! size of the logits, which longer or faster training changes. The predicted classes do not. This study scales all models with
//! the same seed and training labels to the same mean margin, and measures them again.
//!
//! The common scale is the mean of the models' own mean margins over the test images, so that no optimizer is the reference. The
//! last dense layer is scaled, and table 3's perturbation, of the same norm, acts on the scaled network. This is a choice: the
//! factor changes the norm of the last layer's weights, but not of the other layers' weights.
//!
//! FGSM is a check rather than a result. With two classes, its direction would not depend on the scale at all. With ten, it is a
//! mean of the directions towards the nine wrong classes, weighted by their probabilities. A larger scale gives more weight to
//! the nearest class, which changes the signs of a few pixels and the success on a few images. If the probabilities of all wrong
//! classes are too small for single precision, the gradient is zero, and the scale decides whether FGSM changes the image.
//! `decisions.csv` counts both cases.

mod measure;
mod orderings;
mod summary;

pub use measure::{Measured, common_factors, measure};
pub use orderings::{Fate, Ordering, orderings};
pub use summary::summary;

use crate::context::Context;
use crate::error::StudyError;
use crate::options::StudyOptions;
use minima_metrics::{Summary, logit_margins};
use minima_rows::write_csv;
use minima_runs::run_all;
use minima_store::write_atomically;

/// Writes `logit_scale.csv`, `decisions.csv` and `summary.md`.
pub(super) fn gather(context: &Context<'_>, options: &StudyOptions) -> Result<(), StudyError> {
    let test = &context.test;
    let models = context.measure(&options.runs()?, |_, stored| {
        let model = stored.last()?;
        let margins = logit_margins(&model, test.images.view(), &test.labels)?;
        Ok((model, Summary::of(&margins)?.mean))
    })?;
    let groups: Vec<_> = models.iter().map(|(stored, _)| (stored.run().seed, stored.run().labels)).collect();
    let margins: Vec<f64> = models.iter().map(|(_, (_, margin))| *margin).collect();
    let factors = common_factors(&groups, &margins);
    let unscaled = models.iter().zip(&factors).filter(|(_, factor)| factor.is_none());
    let left_out: Vec<String> = unscaled.map(|((stored, _), _)| stored.run().name()).collect();
    let scaled: Vec<_> = models.iter().zip(factors).filter_map(|(model, factor)| Some((model, factor?))).collect();
    let measured = run_all(&scaled, context.threads, |((stored, (model, _)), factor)| {
        measure(stored.run(), model, *factor, test, &options.preset)
    });
    let names = scaled.iter().map(|((stored, _), _)| stored.run().name());
    let measured = context.measured(names.zip(measured));
    let (rows, decisions): (Vec<_>, Vec<_>) = measured.into_iter().map(|m| (m.rows, m.decisions)).unzip();
    let (rows, decisions) = (rows.concat(), decisions.concat());
    write_csv(&context.folder.join("logit_scale.csv"), &rows)?;
    write_csv(&context.folder.join("decisions.csv"), &decisions)?;
    Ok(write_atomically(&context.folder.join("summary.md"), summary(&rows, &decisions, &left_out).as_bytes())?)
}
