//! What is known of the test images of a checkpoint, for the command `certify`.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use minima_attacks::{Ball, Norm};
use minima_data::Dataset;
use minima_rows::significant::Radius;
use minima_rows::{Certainty, Table};
use minima_runs::RunError;
use minima_runs::brackets::{BracketOptions, Bracketed};
use minima_runs::certification::{Certified, Certifier};
use minima_store::{Unfinished, cached};
use ndarray::{Axis, Slice};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::io::IsTerminal;

/// Images that are examined, and kept in a results folder, together.
const TOGETHER: usize = 50;

/// What is to be found out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Question {
    /// What is known at each of some radii.
    Radii {
        /// The norm.
        norm: Norm,
        /// The radii.
        epsilons: Vec<f64>,
    },
    /// The bracket of each image.
    Brackets(BracketOptions),
}

/// What was found out.
#[derive(Clone, Debug)]
pub(crate) enum Certification {
    /// What is known of each image at each radius.
    Radii(Vec<Certified>),
    /// The bracket of each image.
    Brackets(Vec<Bracketed>),
}

impl Certification {
    /// Examines test images. Results are kept in, and read from, `kept`.
    ///
    /// # Errors
    /// Returns [`RunError`] if the images do not fit the network, a radius is invalid, or a file cannot be read or written.
    pub(crate) fn of(
        certifier: &Certifier<'_>,
        test: &Dataset,
        question: &Question,
        kept: Option<&Unfinished>,
    ) -> Result<Self, RunError> {
        let (images, labels) = test.all::<f32>();
        let part = |first: usize| images.slice_axis(Axis(0), Slice::from(first..(first + TOGETHER).min(labels.len())));
        let parts = (0..labels.len()).step_by(TOGETHER).zip(labels.chunks(TOGETHER));
        match question {
            Question::Radii { norm, epsilons } => {
                let bar = bar(labels.len() * epsilons.len());
                let mut found = Vec::new();
                for &epsilon in epsilons {
                    let ball = Ball::new(*norm, epsilon)?;
                    for (first, labels) in parts.clone() {
                        let name = format!("{epsilon}-{first}.json");
                        let measured: Vec<Certified> =
                            once(kept, &name, || certifier.certify(part(first), labels, first as u32, ball))?;
                        bar.inc(labels.len() as u64);
                        found.extend(measured);
                    }
                }
                bar.finish_and_clear();
                Ok(Self::Radii(found))
            }
            Question::Brackets(options) => {
                let bar = bar(labels.len());
                let mut found = Vec::new();
                for (number, &label) in (0_u32..).zip(&labels) {
                    let image = images.slice_axis(Axis(0), Slice::from(number as usize..=number as usize));
                    let measured: Vec<Bracketed> =
                        once(kept, &format!("{number}.json"), || certifier.brackets(image, &[label], number, options))?;
                    bar.inc(1);
                    found.extend(measured);
                }
                bar.finish_and_clear();
                Ok(Self::Brackets(found))
            }
        }
    }

    /// What is printed of it.
    pub(crate) fn summary(&self) -> Summary {
        match self {
            Self::Radii(found) => {
                let mut radii: Vec<RadiusSummary> = Vec::new();
                for Certified { row, seconds, certificate } in found {
                    if radii.last().is_none_or(|last| last.epsilon != row.epsilon) {
                        radii.push(RadiusSummary { epsilon: row.epsilon, ..RadiusSummary::default() });
                    }
                    if let Some(last) = radii.last_mut() {
                        last.add(row.verdict, *seconds, *certificate);
                    }
                }
                Summary::Radii(radii)
            }
            Self::Brackets(found) => {
                let right = found.iter().filter(|found| found.row.broken != Some(0.0));
                let mut proved: Vec<f64> = right.clone().map(|found| found.row.proved).collect();
                let mut broken: Vec<f64> = right.map(|found| found.row.broken.unwrap_or(f64::INFINITY)).collect();
                proved.sort_by(f64::total_cmp);
                broken.sort_by(f64::total_cmp);
                let median = |radii: &[f64]| radii.get(radii.len() / 2).copied().filter(|radius| radius.is_finite());
                Summary::Brackets(BracketSummary {
                    images: found.len(),
                    correct: proved.len(),
                    median_proved: median(&proved),
                    median_broken: median(&broken),
                    seconds: found.iter().map(|found| found.seconds).sum(),
                })
            }
        }
    }
}

/// Returns the kept result, or measures it.
fn once<M: Serialize + DeserializeOwned>(
    kept: Option<&Unfinished>,
    name: &str,
    measure: impl FnOnce() -> Result<M, RunError>,
) -> Result<M, RunError> {
    match kept {
        // The folder's recipe covers everything else that determines the result.
        Some(unfinished) => cached(&unfinished.join(name), "", measure),
        None => measure(),
    }
}

/// A bar on a terminal.
fn bar(steps: usize) -> ProgressBar {
    let shown = std::io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
    let style = "{wide_bar} {pos}/{len} {eta} left";
    bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// What is printed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Summary {
    /// A line a radius.
    Radii(Vec<RadiusSummary>),
    /// The middle of all brackets.
    Brackets(BracketSummary),
}

/// How many images have each verdict at a radius.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct RadiusSummary {
    epsilon: f64,
    images: usize,
    misclassified: usize,
    broken: usize,
    proved: usize,
    undecided: usize,
    /// The number of proofs with a certificate; absent if none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<usize>,
    /// The sum of the images' times.
    seconds: f64,
}

impl RadiusSummary {
    fn add(&mut self, verdict: Certainty, seconds: f64, certificate: Option<bool>) {
        if let Some(written) = certificate {
            *self.certificates.get_or_insert(0) += usize::from(written);
        }
        self.images += 1;
        self.seconds += seconds;
        *match verdict {
            Certainty::Misclassified => &mut self.misclassified,
            Certainty::Broken => &mut self.broken,
            Certainty::Proved => &mut self.proved,
            Certainty::Undecided => &mut self.undecided,
        } += 1;
    }
}

/// The middle of the brackets of the images that the model classifies correctly.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct BracketSummary {
    images: usize,
    correct: usize,
    median_proved: Option<f64>,
    /// Absent if half of the images are not broken.
    median_broken: Option<f64>,
    seconds: f64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Radii(radii) => {
                let certificates = radii.iter().any(|radius| radius.certificates.is_some());
                let counts = ["epsilon", "images", "misclassified", "broken", "proved", "undecided"];
                let written = if certificates { &["certificates"][..] } else { &[] };
                let mut table = Table::new(&[&counts[..], written, &["certified accuracy", "seconds"]].concat());
                for radius in radii {
                    let counts = [radius.images, radius.misclassified, radius.broken, radius.proved, radius.undecided]
                        .map(|n| n.to_string());
                    let share = format!("{:.2} %", 100.0 * radius.proved as f64 / radius.images.max(1) as f64);
                    let rest = [share, format!("{:.1}", radius.seconds)];
                    let written = certificates.then(|| radius.certificates.unwrap_or(0).to_string());
                    let epsilon = [Radius(radius.epsilon).to_string()];
                    table.rows.push([&epsilon[..], &counts, written.as_slice(), &rest].concat());
                }
                f.write_str(table.to_text().trim_end())
            }
            Self::Brackets(of) => {
                let radius = |radius: Option<f64>| radius.map_or_else(|| "none".to_owned(), |r| format!("{r:.4}"));
                write!(
                    f,
                    "{} of {} images are classified correctly. The median of their proved radii is {}, and of their broken radii {}. {:.1} s.",
                    of.correct,
                    of.images,
                    radius(of.median_proved),
                    radius(of.median_broken),
                    of.seconds
                )
            }
        }
    }
}
