//! The table `[training]` of a preset: how batches are made and how steps are taken, whatever the optimizer.

mod adversarial;
mod crown_ibp_training;
mod interval_training;
mod schedule;
mod start;

pub use adversarial::AdversarialTraining;
pub use crown_ibp_training::{CrownIbpStep, CrownIbpTraining};
pub use interval_training::{IntervalStep, IntervalTraining};
pub use schedule::{OneCycle, Schedule};
pub use start::Start;

use crate::optimizer_spec::OptimizerSpec;
use minima_data::Augmentation;
use minima_rows::significant::shortest;
use serde::{Deserialize, Serialize};

/// How models are trained, beside the optimizer. By default nothing is added to the optimizer's own steps.
///
/// ```
/// use minima_config::preset::Preset;
///
/// let text = "extends = \"standard\"\n[training]\nschedule = \"one-cycle\"\nlabel_smoothing = 0.1\n";
/// let preset = Preset::from_text(text, "mine", &[])?;
/// assert!(preset.training.label_smoothing == 0.1 && !preset.training.is_default());
/// # Ok::<(), minima_config::preset::PresetError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingOptions {
    /// Epochs at the start in which the learning rate grows linearly; 0 for none. May be a fraction.
    #[serde(skip_serializing_if = "is_zero")]
    pub warm_up_epochs: f64,
    /// The largest Euclidean norm of a step's gradient over all parameters; 0 for no limit.
    #[serde(skip_serializing_if = "is_zero")]
    pub gradient_clip: f64,
    /// The share of a label's weight that is spread evenly over all classes, from 0 to below 1.
    #[serde(skip_serializing_if = "is_zero")]
    pub label_smoothing: f64,
    /// The decay of the exponential moving average of the weights after each step, which is then tested, attacked and saved
    /// instead of the last weights; by default there is no average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// How the learning rate changes from step to step.
    #[serde(skip_serializing_if = "Schedule::is_constant")]
    pub schedule: Schedule,
    /// Training on adversarial images or on interval bounds; by default training uses the images of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adversarial: Option<AdversarialTraining>,
    /// The checkpoint whose weights the training starts from; by default they are random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Random changes of training images, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub augmentation: Vec<Augmentation>,
}

fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

/// The most pixels of zeros on each side of an image.
const MOST_PIXELS: u32 = 1_000;

impl TrainingOptions {
    /// Whether nothing is added to the optimizer's own steps.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the steps depend on the number of epochs: a longer run then begins with other steps.
    #[must_use]
    pub fn depends_on_epochs(&self) -> bool {
        self.schedule.depends_on_steps()
            || matches!(self.adversarial, Some(AdversarialTraining::Ibp(_) | AdversarialTraining::CrownIbp(_)))
    }

    /// The factor, from 0 to 1, of the learning rate after this many of `steps` steps, for epochs of `steps_per_epoch`
    /// steps. Without a schedule it is exactly 1.
    ///
    /// In the n-th of N steps of the warm-up the factor is n/N. Steps are then counted from the start of training by the
    /// schedule `step`, and from the end of the warm-up by `cosine`.
    #[must_use]
    pub fn learning_rate_factor(&self, step: u64, steps: u64, steps_per_epoch: u64) -> f64 {
        let warm = (self.warm_up_epochs * steps_per_epoch as f64).round() as u64;
        if step < warm {
            return (step + 1) as f64 / warm as f64;
        }
        self.schedule.factor(step, warm, steps, steps_per_epoch).clamp(0.0, 1.0)
    }

    /// The first key that this optimizer does not allow, its value, and the expected value.
    pub(crate) fn refused_by(
        &self,
        name: &str,
        optimizer: &OptimizerSpec,
    ) -> Option<(&'static str, String, &'static str)> {
        let of_first_order = match self.adversarial {
            Some(_) => Some("training.adversarial"),
            None => (self.gradient_clip > 0.0).then_some("training.gradient_clip"),
        };
        if let Some(key) = of_first_order.filter(|_| !optimizer.is_first_order()) {
            let expected = "an option for optimizers of first order alone: sgd, adam, sam and muon";
            return Some((key, format!("set for the optimizer {name}"), expected));
        }
        let smoothing = self.label_smoothing;
        (smoothing > 0.0 && !optimizer.takes_smoothed_labels()).then(|| {
            let found = format!("{} for the optimizer {name}", shortest(smoothing));
            ("training.label_smoothing", found, "0 for the published and the emulated Gauss-Newton")
        })
    }

    /// The first key with an invalid value, the value, and the expected range.
    pub(crate) fn nonsense(&self) -> Option<(String, String, &'static str)> {
        let wrong = |key: &str, found: f64, expected| Some((format!("training.{key}"), shortest(found), expected));
        if !(self.warm_up_epochs.is_finite() && self.warm_up_epochs >= 0.0) {
            return wrong("warm_up_epochs", self.warm_up_epochs, "0 or a positive number");
        }
        if self.warm_up_epochs > 0.0 && matches!(self.schedule, Schedule::OneCycle(_)) {
            return wrong(
                "warm_up_epochs",
                self.warm_up_epochs,
                "0 with the schedule one-cycle, which has its own warm-up",
            );
        }
        if !(self.gradient_clip.is_finite() && self.gradient_clip >= 0.0) {
            return wrong("gradient_clip", self.gradient_clip, "0 or a positive number");
        }
        if !(0.0..1.0).contains(&self.label_smoothing) {
            return wrong("label_smoothing", self.label_smoothing, "a number from 0 to below 1");
        }
        if let Some(decay) = self.average.filter(|decay| !(0.0..1.0).contains(decay)) {
            return wrong("average", decay, "a number from 0 to below 1");
        }
        if let Some((key, found, expected)) = self.schedule.nonsense() {
            return wrong(&format!("schedule.{key}"), found, expected);
        }
        if let Some((key, found, expected)) = self.adversarial.as_ref().and_then(AdversarialTraining::nonsense) {
            return wrong(&format!("adversarial.{key}"), found, expected);
        }
        let padding = self.augmentation.iter().find_map(|augmentation| match *augmentation {
            Augmentation::PadCrop { pixels } if !(1..=MOST_PIXELS).contains(&pixels) => Some(pixels),
            Augmentation::PadCrop { .. } | Augmentation::Flip => None,
        });
        padding.and_then(|pixels| wrong("augmentation.pixels", f64::from(pixels), "a number from 1 to 1000"))
    }
}
