//! A published result, as reports show it beside their own numbers.

use crate::input::ReportInput;
use crate::results::DataSet;
use minima_config::preset::Preset;
use minima_rows::{Claim, Quantity, Table, rate};
use std::fmt::Debug;

/// The published number of successful FGSM attacks at one radius.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FgsmCount {
    /// Test images classified correctly before the attack.
    pub correct: u32,
    /// How many of these the model misclassifies after the attack.
    pub successes: u32,
}

impl FgsmCount {
    /// `successes / correct`.
    #[must_use]
    pub fn success_rate(&self) -> f64 {
        rate(self.successes, self.correct)
    }
}

/// A point of a training curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The epoch, from 1.
    pub epoch: u32,
    /// The mean train loss over the epoch.
    pub train_loss: f64,
    /// The mean train accuracy over the epoch.
    pub train_accuracy: f64,
    /// The test accuracy after the epoch.
    pub test_accuracy: f64,
}

/// The published mean and median of a distribution over the test images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Center {
    /// The mean.
    pub mean: f64,
    /// The median.
    pub median: f64,
}

/// Whether a result agrees with the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The result agrees.
    Matches,
    /// The result does not agree.
    Differs,
    /// The reference has no number to compare with.
    Unjudged,
}

/// A sentence or two on how one result compares with the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether the result agrees.
    pub agreement: Agreement,
    /// The result beside the reference's, in Markdown.
    pub text: String,
}

/// Where a section of a [`Reference`] stands in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After the tables of attacks.
    AfterAttacks,
    /// Before the methods.
    BeforeMethods,
}

/// A section that a report on a reference has beside its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceSection {
    /// Its name in addresses.
    pub id: &'static str,
    /// The heading.
    pub title: &'static str,
    /// The caption of its table.
    pub caption: &'static str,
    /// The text in Markdown.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// What a report says above a table if the reference's numbers are beside its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// Above the table of FGSM on models trained on clean labels.
    pub clean_fgsm: &'static str,
    /// Above the table of FGSM on models trained on poisoned labels.
    pub poisoned_fgsm: &'static str,
    /// Above the table of loss increases.
    pub sharpness: &'static str,
    /// Instead of the differences between optimizers, if the results are on other data.
    pub other_data: &'static str,
}

/// A published result. A report without one has no column, section or sentence about it.
///
/// The numbers of one optimizer may stand for others, such as the same optimizer in another arithmetic. `None` means that the
/// reference has no number.
pub trait Reference: Debug + Sync {
    /// What tables and sentences call it, such as `paper`: "the paper's".
    fn noun(&self) -> &'static str;

    /// Whether its numbers are about this data set.
    fn is_about(&self, data: &DataSet) -> bool;

    /// Whether an experiment has the reference's configuration, so that agreement can be judged.
    fn is_configuration(&self, preset: &Preset) -> bool;

    /// The seed of its numbers.
    fn seed(&self) -> u64;

    /// FGSM on a model trained on these labels, `clean` or `poisoned`.
    fn fgsm(&self, labels: &str, optimizer: &str, epsilon: f64) -> Option<FgsmCount>;

    /// The median loss increase under one weight perturbation of length `rho` a batch.
    fn sharpness(&self, optimizer: &str, rho: f64) -> Option<f64>;

    /// Mean and median of a quantity over the test images.
    fn distribution(&self, labels: &str, optimizer: &str, quantity: Quantity) -> Option<Center>;

    /// The training curve; empty if the reference has none.
    fn curve(&self, labels: &str, optimizer: &str) -> Vec<CurvePoint>;

    /// The largest differences between training curves and the reference's; no rows if there is nothing to compare.
    fn curve_differences(&self, input: &ReportInput<'_>) -> Table;

    /// The claims that the seeds are held against.
    fn claims(&self) -> &'static [Claim];

    /// The test accuracy that a trained model of the reference's data set should have.
    fn goal_accuracy(&self) -> f64;

    /// How the results compare; empty on other data.
    fn findings(&self, input: &ReportInput<'_>) -> Vec<Finding>;

    /// The reference's data, network and training, as a list in Markdown.
    fn methods(&self) -> &'static str;

    /// What is said above tables.
    fn remarks(&self) -> Remarks;

    /// Sections of its own.
    fn sections(&self, input: &ReportInput<'_>) -> Vec<ReferenceSection>;
}
