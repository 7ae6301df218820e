//! Mean radii of two optimizers compared.

use crate::error::StudyError;
use minima_metrics::statistics::{Estimate, ImageResamples, Mean, Resampled, holm};
use minima_rng::Key;
use minima_rows::{RadiusDifferenceRow, RadiusQuantity, in_order};
use std::collections::BTreeSet;

/// The coverage of the intervals.
const LEVEL: f64 = 0.95;
/// The resamples of the images.
const DRAWS: usize = 1_000;
/// The seed of the resamples.
const SEED: u64 = 1;
const QUANTITIES: [RadiusQuantity; 4] =
    [RadiusQuantity::Proved, RadiusQuantity::Broken, RadiusQuantity::Least, RadiusQuantity::Most];

/// The brackets of one model's images.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelRadii {
    /// The optimizer.
    pub optimizer: String,
    /// The run's seed.
    pub seed: u64,
    /// Each image's largest proved radius.
    pub proved: Vec<f64>,
    /// Each image's smallest broken radius.
    pub broken: Vec<f64>,
}

/// The mean radii of a model, on the images and on their resamples.
struct Means<'m> {
    model: &'m ModelRadii,
    proved: Resampled,
    broken: Resampled,
}

impl Means<'_> {
    /// The difference of two models of one seed.
    fn difference(&self, other: &Self, quantity: RadiusQuantity) -> Result<Resampled, StudyError> {
        let (own, others) = match quantity {
            RadiusQuantity::Proved => (&self.proved, &other.proved),
            RadiusQuantity::Broken => (&self.broken, &other.broken),
            RadiusQuantity::Least => (&self.proved, &other.broken),
            RadiusQuantity::Most => (&self.broken, &other.proved),
        };
        Ok(own.less(others)?)
    }
}

/// Every pair of optimizers, in the order of the models, with each difference of their mean radii over seeds and images. Models are
/// paired by seed, and are evaluated on the same resamples of the images.
///
/// # Errors
/// Returns [`StudyError::Run`] if models have different numbers of images, or a radius is NaN or infinite.
pub fn differences(models: &[ModelRadii]) -> Result<Vec<RadiusDifferenceRow>, StudyError> {
    let images = models.first().map_or(0, |model| model.proved.len());
    let resamples = ImageResamples::new(Key::new(SEED), images, DRAWS);
    let mut means = Vec::new();
    for model in models {
        let of = |radii: &[f64]| Resampled::of(&Mean::of(radii)?, &resamples);
        means.push(Means { model, proved: of(&model.proved)?, broken: of(&model.broken)? });
    }
    let seeds: BTreeSet<u64> = models.iter().map(|model| model.seed).collect();
    let optimizers = in_order(models.iter().map(|model| model.optimizer.as_str()));
    let of = |optimizer: &str, seed: u64| {
        means.iter().find(|means| means.model.optimizer == optimizer && means.model.seed == seed)
    };
    let mut rows = Vec::new();
    for quantity in QUANTITIES {
        let first = rows.len();
        let mut p = Vec::new();
        for (place, optimizer) in optimizers.iter().enumerate() {
            for against in optimizers.iter().skip(place + 1) {
                let mut paired = Vec::new();
                for &seed in &seeds {
                    if let (Some(own), Some(other)) = (of(optimizer, seed), of(against, seed)) {
                        paired.push(own.difference(other, quantity)?);
                    }
                }
                if paired.is_empty() {
                    continue;
                }
                let estimate = Estimate::over_seeds_and_images(&paired)?;
                p.push(match quantity {
                    RadiusQuantity::Proved | RadiusQuantity::Broken => estimate.p_apart(0.0),
                    RadiusQuantity::Least => estimate.p_above(0.0),
                    RadiusQuantity::Most => estimate.p_below(0.0),
                });
                let (low, high) = estimate.interval(LEVEL);
                rows.push(RadiusDifferenceRow {
                    optimizer: (*optimizer).to_owned(),
                    against: (*against).to_owned(),
                    quantity,
                    seeds: paired.len() as u32,
                    effect: estimate.effect,
                    low,
                    high,
                    p_holm: 1.0,
                });
            }
        }
        for (row, p) in rows.iter_mut().skip(first).zip(holm(&p)) {
            row.p_holm = p;
        }
    }
    Ok(rows)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;

    fn model(optimizer: &str, seed: u64, shift: f64) -> ModelRadii {
        let proved: Vec<f64> = (0..40).map(|image| 0.02 + 0.001 * f64::from(image % 7) + shift).collect();
        let broken = proved.iter().map(|radius| radius + 0.01).collect();
        ModelRadii { optimizer: optimizer.to_owned(), seed, proved, broken }
    }

    /// The shifts of the seeds differ by 0.029, 0.030 and 0.031: mean 0.03, standard error 0.001/√3, and no variance of images,
    /// because every image differs by the same. Brackets are 0.01 wide. Student's quantile for two degrees of freedom is 4.302 653.
    #[test]
    fn the_differences_are_over_paired_seeds() {
        let mut models = Vec::new();
        for (seed, shift) in [(1, 0.029), (2, 0.030), (3, 0.031)] {
            models.push(model("sgd", seed, shift));
            models.push(model("adam", seed, 0.0));
        }
        models.push(model("adam", 4, 5.0));
        let found = differences(&models).unwrap();
        let shown: Vec<_> = found.iter().map(|row| (row.quantity, row.seeds)).collect();
        assert_eq!(shown, QUANTITIES.map(|quantity| (quantity, 3)));
        for (row, effect) in found.iter().zip([0.03, 0.03, 0.02, 0.04]) {
            let half = 4.302_652_73 * 0.001 / 3f64.sqrt();
            assert_eq!((row.optimizer.as_str(), row.against.as_str()), ("sgd", "adam"));
            assert!((row.effect - effect).abs() < 1e-12, "{row:?}");
            assert!((row.low - (effect - half)).abs() < 1e-8 && (row.high - (effect + half)).abs() < 1e-8, "{row:?}");
        }
        // The true distances differ by 0.02 at least; that they differ by less than 0 at most is not shown.
        assert!(found[2].p_holm < 0.01 && found[3].p_holm > 0.99, "{found:?}");
    }

    #[test]
    fn models_with_other_images_are_refused() {
        let mut other = model("adam", 1, 0.0);
        other.proved.pop();
        assert!(differences(&[model("sgd", 1, 0.0), other]).is_err());
        assert_eq!(differences(&[]).unwrap(), []);
    }
}
