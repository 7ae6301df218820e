//! Evaluates claims: all comparisons of the claims, with p-values corrected for the number of comparisons.

use super::measured::{Measured, Subject, measure};
use super::options::ClaimOptions;
use super::outcome::ModelOutcome;
use crate::error::StudyError;
use minima_metrics::statistics::{Estimate, Resampled, shaffer};
use minima_rows::{Against, CLEAN, Claim, ClaimRow, ClaimVerdict, Expected, POISONED};
use std::collections::BTreeSet;

/// The family-wise error rate: the probability that any verdict is wrong.
const LEVEL: f64 = 0.05;

/// The probability with which a comparison should be decided if the effect is as measured.
const POWER: f64 = 0.8;

/// All comparisons of `claims` that these models allow, in the claims' order, with verdicts.
///
/// Models are paired by seed, and are evaluated on the same resamples of the test images ([`Estimate`]). A comparison's p-value
/// is two-sided: it is small if the effect is clearly on one side of the border, as claimed or not. Where the claim names the
/// smallest difference that matters, two one-sided tests ask in addition whether the effect is smaller. It cannot be both at the
/// border and as large as that, so that one of these two hypotheses is true at most. With [Shaffer's correction](shaffer) over all
/// rows, the probability that any verdict except undecided is wrong is at most 5 %. A single seed gives infinite intervals and
/// undecided verdicts, because it says nothing about other seeds.
///
/// # Errors
/// Returns [`StudyError::Run`] if the models have different numbers of test images, or a value is NaN or infinite.
pub fn evaluate(
    claims: &[Claim],
    outcomes: &[ModelOutcome],
    options: &ClaimOptions,
) -> Result<Vec<ClaimRow>, StudyError> {
    let models = measure(outcomes, options)?;
    let mut rows = Vec::new();
    let mut judged = Vec::new();
    for claim in claims {
        for optimizer in claim.about {
            for comparison in comparisons(claim, optimizer) {
                for (row, estimate) in compare(claim, &comparison, &models)? {
                    rows.push(row);
                    judged.push((claim, estimate));
                }
            }
        }
    }
    let level = LEVEL / rows.len().max(1) as f64;
    let tests = |(row, (claim, estimate)): (&ClaimRow, &(&Claim, Estimate))| -> Vec<f64> {
        std::iter::once(row.p).chain(claim.negligible.map(|least| estimate.p_equivalent(least))).collect()
    };
    let adjusted = shaffer(&rows.iter().zip(&judged).map(tests).collect::<Vec<_>>());
    for ((row, (claim, estimate)), adjusted) in rows.iter_mut().zip(judged).zip(adjusted) {
        row.p_holm = adjusted.first().copied().unwrap_or(1.0);
        row.p_negligible = adjusted.get(1).copied();
        row.verdict = verdict(row, claim.expected);
        let least = estimate.least_effect(estimate.seeds, level, POWER);
        row.least_effect = least.is_finite().then_some(least);
        let margin = claim.negligible.filter(|least| row.effect.abs() < *least).map(|least| least.copysign(row.effect));
        let borders = std::iter::once(nearest_border(row.effect, claim.expected)).chain(margin);
        let seeds = borders.filter_map(|border| estimate.seeds_to_decide(border, level, POWER)).min();
        row.seeds_to_decide = seeds.and_then(|seeds| u32::try_from(seeds).ok());
    }
    Ok(rows)
}

/// The two sides of a comparison: labels and an optimizer, against other labels and another optimizer or a number.
struct Comparison {
    labels: &'static str,
    optimizer: &'static str,
    other: Other,
}

enum Other {
    Model { labels: &'static str, optimizer: &'static str },
    Number(f64),
}

fn comparisons(claim: &Claim, optimizer: &'static str) -> Vec<Comparison> {
    match claim.against {
        Against::Optimizers(others) => others
            .iter()
            .map(|other| Other::Model { labels: CLEAN, optimizer: other })
            .map(|other| Comparison { labels: CLEAN, optimizer, other })
            .collect(),
        Against::CleanLabels => {
            vec![Comparison { labels: POISONED, optimizer, other: Other::Model { labels: CLEAN, optimizer } }]
        }
        Against::Number(number) => vec![Comparison { labels: CLEAN, optimizer, other: Other::Number(number) }],
    }
}

impl Comparison {
    /// The value of the row's column `against`.
    fn against(&self, claim: &Claim) -> String {
        match (&self.other, claim.against) {
            (Other::Number(_), _) => String::new(),
            (Other::Model { labels, .. }, Against::CleanLabels) => (*labels).to_owned(),
            (Other::Model { optimizer, .. }, _) => (*optimizer).to_owned(),
        }
    }

    /// The difference of one seed's models; `None` if a model or its number is missing.
    fn difference(
        &self,
        seed: u64,
        subject: &Subject,
        models: &[Measured<'_>],
    ) -> Result<Option<Resampled>, StudyError> {
        let number = |labels: &str, optimizer: &str| {
            let own =
                |model: &&Measured<'_>| model.seed == seed && model.labels == labels && model.optimizer == optimizer;
            models.iter().find(own).and_then(|model| model.number(subject))
        };
        let Some(first) = number(self.labels, self.optimizer) else { return Ok(None) };
        Ok(match self.other {
            Other::Model { labels, optimizer } => match number(labels, optimizer) {
                Some(second) => Some(first.less(second)?),
                None => None,
            },
            Other::Number(value) => {
                let draws = first.draws.iter().map(|draw| draw - value).collect();
                Some(Resampled { value: first.value - value, draws })
            }
        })
    }
}

/// One row per attack and radius for which both sides have a model with the same seed, and its estimate.
fn compare(
    claim: &Claim,
    comparison: &Comparison,
    models: &[Measured<'_>],
) -> Result<Vec<(ClaimRow, Estimate)>, StudyError> {
    let seeds: BTreeSet<u64> = models.iter().map(|model| model.seed).collect();
    let mut subjects: Vec<&Subject> = Vec::new();
    for (subject, _) in models.iter().flat_map(|model| &model.numbers) {
        if subject.quantity == claim.quantity && !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    let mut rows = Vec::new();
    for subject in subjects {
        let mut differences = Vec::new();
        for &seed in &seeds {
            differences.extend(comparison.difference(seed, subject, models)?);
        }
        if differences.is_empty() {
            continue;
        }
        let estimate = Estimate::over_seeds_and_images(&differences)?;
        let (low, high) = estimate.interval(1.0 - LEVEL);
        let row = ClaimRow {
            claim: claim.letter.to_owned(),
            optimizer: comparison.optimizer.to_owned(),
            against: comparison.against(claim),
            labels: comparison.labels.to_owned(),
            at: subject.at,
            quantity: subject.name(),
            seeds: u32::try_from(estimate.seeds).unwrap_or(u32::MAX),
            effect: estimate.effect,
            low,
            high,
            p: p_value(&estimate, claim.expected),
            p_holm: 1.0,
            negligible: claim.negligible,
            p_negligible: None,
            border: border(claim.expected),
            least_effect: None,
            seeds_to_decide: None,
            verdict: ClaimVerdict::Undecided,
        };
        rows.push((row, estimate));
    }
    Ok(rows)
}

fn border(expected: Expected) -> f64 {
    match expected {
        Expected::Below(border) | Expected::Above(border) | Expected::Within(border) => border,
    }
}

/// The border on the side of the effect.
fn nearest_border(effect: f64, expected: Expected) -> f64 {
    match expected {
        Expected::Below(border) | Expected::Above(border) => border,
        Expected::Within(margin) => margin.copysign(effect),
    }
}

/// The probability of an effect at least as far from the border, on either side, if the true effect is at the border.
fn p_value(estimate: &Estimate, expected: Expected) -> f64 {
    match expected {
        Expected::Below(border) | Expected::Above(border) => estimate.p_apart(border),
        Expected::Within(margin) => (2.0 * estimate.p_equivalent(margin)).min(estimate.p_different(margin)).min(1.0),
    }
}

fn verdict(row: &ClaimRow, expected: Expected) -> ClaimVerdict {
    let as_claimed = match expected {
        Expected::Below(border) => row.effect < border,
        Expected::Above(border) => row.effect > border,
        Expected::Within(margin) => row.effect.abs() < margin,
    };
    let is_negligible = row.p_negligible.is_some_and(|p| p < LEVEL);
    match (row.p_holm < LEVEL, as_claimed) {
        (true, true) => ClaimVerdict::Holds,
        (true, false) => ClaimVerdict::Fails,
        (false, _) if is_negligible => ClaimVerdict::Negligible,
        (false, _) => ClaimVerdict::Undecided,
    }
}
