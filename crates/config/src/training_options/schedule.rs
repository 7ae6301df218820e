//! Schedules of the learning rate: a factor from 0 to 1 for each step.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;
use std::fmt;

/// A schedule of the learning rate. In TOML a name, such as `"one-cycle"`, or a table with the options, such as
/// `{ kind = "step", every_epochs = 10, factor = 0.1 }`.
///
/// Each gives a factor of the optimizer's learning rate as a function of the number of the step alone, so that a resumed
/// run needs no memory of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Schedule {
    /// The factor 1.
    #[default]
    Constant,
    /// The factor is multiplied by `factor` after every `every_epochs` epochs, as by PyTorch's `StepLR`.
    Step {
        /// The number of epochs between changes.
        every_epochs: u32,
        /// What the factor is multiplied by.
        factor: f64,
    },
    /// From 1 along half a cosine to `floor`, as by PyTorch's `CosineAnnealingLR` in each step (Loshchilov & Hutter 2017).
    Cosine {
        /// The factor at the end.
        floor: f64,
    },
    /// From low to 1 and to almost 0, along two cosines (Smith & Topin 2018).
    OneCycle(OneCycle),
}

/// The options of the schedule `one-cycle`. They are the options of PyTorch's `OneCycleLR`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OneCycle {
    /// The share of all steps in which the factor grows; PyTorch's `pct_start`.
    pub peak_share: f64,
    /// The factor of the first step; one over PyTorch's `div_factor`.
    pub start_factor: f64,
    /// The factor of the last step as a share of `start_factor`; one over PyTorch's `final_div_factor`.
    pub end_factor: f64,
}

impl Default for OneCycle {
    /// PyTorch's defaults: 0.3, 1/25 and 1/10000.
    fn default() -> Self {
        Self { peak_share: 0.3, start_factor: 0.04, end_factor: 0.0001 }
    }
}

/// The tables that are schedules, each with its options.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Read {
    Constant(Empty),
    Step(StepOptions),
    Cosine(CosineOptions),
    OneCycle(OneCycle),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepOptions {
    every_epochs: u32,
    #[serde(default = "tenth")]
    factor: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CosineOptions {
    #[serde(default)]
    floor: f64,
}

fn tenth() -> f64 {
    0.1
}

impl From<Read> for Schedule {
    fn from(read: Read) -> Self {
        match read {
            Read::Constant(Empty {}) => Self::Constant,
            Read::Step(StepOptions { every_epochs, factor }) => Self::Step { every_epochs, factor },
            Read::Cosine(CosineOptions { floor }) => Self::Cosine { floor },
            Read::OneCycle(options) => Self::OneCycle(options),
        }
    }
}

/// Reads a name or a table.
struct NameOrTable;

impl<'de> Visitor<'de> for NameOrTable {
    type Value = Schedule;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a schedule: constant, cosine, one-cycle, or a table with a kind")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Schedule, E> {
        match name {
            "constant" => Ok(Schedule::Constant),
            "cosine" => Ok(Schedule::Cosine { floor: 0.0 }),
            "one-cycle" => Ok(Schedule::OneCycle(OneCycle::default())),
            _ => Err(E::unknown_variant(name, &["constant", "cosine", "one-cycle", "a table with the kind step"])),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Schedule, A::Error> {
        Read::deserialize(MapAccessDeserializer::new(map)).map(Schedule::from)
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable)
    }
}

/// From `start` to `end` along half a cosine; `share` is how much of the way is done.
fn cosine(start: f64, end: f64, share: f64) -> f64 {
    end + (start - end) / 2.0 * (1.0 + (PI * share).cos())
}

impl OneCycle {
    /// The factor after `step` of `steps` steps.
    fn factor(self, step: u64, steps: u64) -> f64 {
        // The places of PyTorch's first step, peak and last step.
        let last = (steps as f64 - 1.0).max(0.0);
        let peak = (self.peak_share * steps as f64 - 1.0).clamp(0.0, last);
        let step = step as f64;
        if step <= peak && peak > 0.0 {
            return cosine(self.start_factor, 1.0, step / peak);
        }
        let share = if last > peak { (step - peak) / (last - peak) } else { 0.0 };
        cosine(1.0, self.start_factor * self.end_factor, share.min(1.0))
    }
}

impl Schedule {
    /// Whether the learning rate never changes.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        *self == Self::Constant
    }

    /// Whether the factor depends on the number of all steps.
    pub(super) fn depends_on_steps(self) -> bool {
        matches!(self, Self::Cosine { .. } | Self::OneCycle(_))
    }

    /// The factor after `step` of `steps` steps, the first `warm` of which are the warm-up.
    pub(super) fn factor(self, step: u64, warm: u64, steps: u64, steps_per_epoch: u64) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Step { every_epochs, factor } => {
                let changes = step / steps_per_epoch.max(1) / u64::from(every_epochs.max(1));
                factor.powi(i32::try_from(changes).unwrap_or(i32::MAX))
            }
            Self::Cosine { floor } => {
                let (done, all) = (step.saturating_sub(warm), steps.saturating_sub(warm).max(1));
                cosine(1.0, floor, (done as f64 / all as f64).min(1.0))
            }
            Self::OneCycle(options) => options.factor(step, steps),
        }
    }

    /// The first key with an invalid value, the value, and the expected range.
    pub(super) fn nonsense(self) -> Option<(&'static str, f64, &'static str)> {
        let share = |x: f64| (0.0..=1.0).contains(&x);
        const SHARE: &str = "a number from 0 to 1";
        match self {
            Self::Step { every_epochs: 0, .. } => Some(("every_epochs", 0.0, "at least 1")),
            Self::Step { factor, .. } if !share(factor) => Some(("factor", factor, SHARE)),
            Self::Cosine { floor } if !share(floor) => Some(("floor", floor, SHARE)),
            Self::OneCycle(OneCycle { peak_share, start_factor, end_factor }) => {
                let options = [("peak_share", peak_share), ("start_factor", start_factor), ("end_factor", end_factor)];
                options.into_iter().find(|(_, found)| !share(*found)).map(|(key, found)| (key, found, SHARE))
            }
            Self::Constant | Self::Step { .. } | Self::Cosine { .. } => None,
        }
    }
}
