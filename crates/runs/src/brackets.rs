//! The bracket of each image: the largest radius with a proof, and the smallest with a misclassified image.

use crate::certification::{Certifier, at_most, first_images};
use crate::error::RunError;
use crate::test_set::TestSet;
use minima_attacks::{Ball, Norm};
use minima_autodiff::Model;
use minima_config::attack_catalogue::{Options, attack};
use minima_config::preset::Preset;
use minima_rows::{BracketRow, Certainty};
use minima_verify::{Method, VerifyOptions};
use ndarray::{ArrayView1, ArrayView2, Axis};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// A bracket of an image, and how long it took.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bracketed {
    /// The bracket.
    pub row: BracketRow,
    /// The wall-clock time.
    pub seconds: f64,
}

/// The search for brackets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BracketOptions {
    /// The norm of the balls.
    pub norm: Norm,
    /// The largest radius.
    pub most: f64,
    /// The difference of radii at which a bisection ends, above 0.
    pub resolution: f64,
}

impl Certifier<'_> {
    /// The bracket of each image by two bisections: of the largest proved radius and of the smallest broken one.
    ///
    /// # Errors
    /// Returns the errors of [`certify`](Certifier::certify).
    pub fn brackets(
        &self,
        images: ArrayView2<'_, f32>,
        labels: &[usize],
        first: u32,
        options: &BracketOptions,
    ) -> Result<Vec<Bracketed>, RunError> {
        let mut found = Vec::with_capacity(labels.len());
        for ((image, &label), number) in images.outer_iter().zip(labels).zip(first..) {
            let started = Instant::now();
            let row = self.bracket(image, label, number, options)?;
            found.push(Bracketed { row, seconds: started.elapsed().as_secs_f64() });
        }
        Ok(found)
    }

    fn bracket(
        &self,
        image: ArrayView1<'_, f32>,
        label: usize,
        number: u32,
        options: &BracketOptions,
    ) -> Result<BracketRow, RunError> {
        let at = |epsilon: f64, method: Method| -> Result<Certainty, RunError> {
            let (images, ball) = (image.insert_axis(Axis(0)), Ball::new(options.norm, epsilon)?);
            let known = self.examine(images, &[label], number, ball, method)?;
            Ok(known.first().map_or(Certainty::Undecided, |known| known.row.verdict))
        };
        let row = |proved, broken| BracketRow {
            image: number,
            label: label as u32,
            norm: options.norm.to_string(),
            proved,
            broken,
        };
        // Below that, radii could coincide.
        let resolution = options.resolution.max(1e-9);
        let mut found = Known { proved: 0.0, undecided: 0.0, broken: None };
        found.note(options.most, at(options.most, self.options.method)?);
        if let Some(radius) = found.broken.filter(|radius| *radius == 0.0) {
            return Ok(row(0.0, Some(radius)));
        }
        // The largest proved radius.
        let mut least = options.most;
        while found.proved < options.most && least - found.proved > resolution {
            let middle = 0.5 * (found.proved + least);
            found.note(middle, at(middle, self.options.method)?);
            if found.proved < middle {
                least = middle;
            }
        }
        // The smallest broken radius. No search is needed: it failed at a smaller radius already.
        let bounds = at_most(self.options.method, Method::Crown);
        while let Some(broken) = found.broken
            && broken - found.undecided.max(found.proved) > resolution
        {
            let middle = 0.5 * (broken + found.undecided.max(found.proved));
            found.note(middle, at(middle, bounds)?);
        }
        Ok(row(found.proved, found.broken))
    }
}

/// The brackets of the first `certified_images` test images, between bounds with at most `certified_domains` domains and PGD.
///
/// # Errors
/// Returns [`RunError::Verify`] if an operation of the network has no sound bound, and [`RunError::Attack`] if the attack fails.
pub fn bracketed(
    model: &Model<f32>,
    preset: &Preset,
    test: &TestSet,
    options: &BracketOptions,
) -> Result<Vec<BracketRow>, RunError> {
    let (images, labels) = first_images(preset, test);
    let attack = attack("pgd", options.norm, &Options::default())?;
    let verify = VerifyOptions { domains: preset.certified_domains, ..VerifyOptions::default() };
    let found = Certifier::new(model, Some(attack.as_ref()), verify)?.brackets(images, labels, 0, options)?;
    Ok(found.into_iter().map(|found| found.row).collect())
}

/// What is known of the radii of an image.
struct Known {
    /// The largest proved radius.
    proved: f64,
    /// The largest undecided radius.
    undecided: f64,
    /// The smallest broken radius.
    broken: Option<f64>,
}

impl Known {
    fn note(&mut self, radius: f64, certainty: Certainty) {
        match certainty {
            Certainty::Misclassified => self.broken = Some(0.0),
            Certainty::Broken => self.broken = Some(self.broken.map_or(radius, |broken| broken.min(radius))),
            Certainty::Proved => self.proved = self.proved.max(radius),
            Certainty::Undecided => self.undecided = self.undecided.max(radius),
        }
    }
}
