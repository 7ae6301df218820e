//! Rank correlations of measures and robustness.

use crate::error::StudyError;
use minima_metrics::statistics::RankCorrelation;
use minima_rows::{ModelMeasureRow, PredictorRow, PredictorScope, in_order};

/// The coverage of the intervals.
const LEVEL: f64 = 0.95;

/// The name of a measure or a robustness, and the norm or radius.
type Name = (String, Option<f64>);

/// Each measure's rank correlation with each robustness: over all models, within optimizers, and between optimizers. A measure or a
/// robustness that is the same for all models has no correlation and no row.
///
/// # Errors
/// Returns [`StudyError::Run`] if a value is NaN or infinite.
pub fn correlations(rows: &[ModelMeasureRow]) -> Result<Vec<PredictorRow>, StudyError> {
    let names = |robustness: bool| -> Vec<Name> {
        in_order(rows.iter().filter(|row| row.robustness == robustness).map(|row| (row.measure.clone(), row.at)))
    };
    let mut found = Vec::new();
    for robustness in names(true) {
        for measure in names(false) {
            let models = pairs(rows, &measure, &robustness);
            for (scope, correlation) in by_scope(&models)? {
                let (low, high) = correlation.interval(LEVEL);
                found.push(PredictorRow {
                    measure: measure.0.clone(),
                    at: measure.1,
                    robustness: robustness.0.clone(),
                    epsilon: robustness.1,
                    scope,
                    count: correlation.count as u32,
                    correlation: correlation.value,
                    low,
                    high,
                });
            }
        }
    }
    Ok(found)
}

/// A model's optimizer, measure and robustness.
struct Pair<'a> {
    optimizer: &'a str,
    measure: f64,
    robustness: f64,
}

/// The models that have both numbers.
fn pairs<'a>(rows: &'a [ModelMeasureRow], measure: &Name, robustness: &Name) -> Vec<Pair<'a>> {
    let named = |row: &&ModelMeasureRow, name: &Name| row.measure == name.0 && row.at == name.1;
    let model = |row: &'a ModelMeasureRow| (row.labels.as_str(), row.optimizer.as_str(), row.seed);
    let second = |first: &ModelMeasureRow| {
        rows.iter().find(|row| named(row, robustness) && model(row) == (&*first.labels, &*first.optimizer, first.seed))
    };
    let first = rows.iter().filter(|row| named(row, measure));
    first
        .filter_map(|row| Some(Pair { optimizer: &row.optimizer, measure: row.value, robustness: second(row)?.value }))
        .collect()
}

fn by_scope(models: &[Pair<'_>]) -> Result<Vec<(PredictorScope, RankCorrelation)>, StudyError> {
    let of = |pairs: &[[f64; 2]]| -> Result<Option<RankCorrelation>, StudyError> {
        let side = |k: usize| pairs.iter().map(|pair| pair[k]).collect::<Vec<f64>>();
        Ok(RankCorrelation::of(&side(0), &side(1))?)
    };
    let mut within = Vec::new();
    let mut means = Vec::new();
    for optimizer in in_order(models.iter().map(|model| model.optimizer)) {
        let own: Vec<[f64; 2]> = models
            .iter()
            .filter(|model| model.optimizer == optimizer)
            .map(|model| [model.measure, model.robustness])
            .collect();
        within.extend(of(&own)?);
        means.push([0, 1].map(|k| own.iter().map(|pair| pair[k]).sum::<f64>() / own.len() as f64));
    }
    let all: Vec<[f64; 2]> = models.iter().map(|model| [model.measure, model.robustness]).collect();
    let found = [
        (PredictorScope::All, of(&all)?),
        (PredictorScope::Within, RankCorrelation::pooled(&within)),
        (PredictorScope::Between, of(&means)?),
    ];
    Ok(found.into_iter().filter_map(|(scope, correlation)| Some((scope, correlation?))).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail so")]
mod tests {
    use super::*;

    fn row(optimizer: &str, seed: u64, robustness: bool, value: f64) -> ModelMeasureRow {
        ModelMeasureRow {
            labels: "clean".to_owned(),
            optimizer: optimizer.to_owned(),
            seed,
            measure: if robustness { "robust" } else { "sharpness" }.to_owned(),
            at: robustness.then_some(0.1),
            robustness,
            value,
        }
    }

    /// Three optimizers with five seeds each: a larger measure means more robustness among the seeds of an optimizer, and less
    /// between the optimizers.
    #[test]
    fn scopes_can_have_opposite_signs() {
        let mut rows = Vec::new();
        for (place, optimizer) in ["sgd", "adam", "kfac"].into_iter().enumerate() {
            for seed in 0..5 {
                let level = 10.0 * place as f64;
                rows.push(row(optimizer, seed, false, level + seed as f64));
                rows.push(row(optimizer, seed, true, 0.5 - 0.01 * level + 0.001 * seed as f64));
            }
        }
        rows.push(row("sgd", 9, false, 3.0));
        let found = correlations(&rows).unwrap();
        let of = |scope| found.iter().find(|row| row.scope == scope).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!((of(PredictorScope::All).count, of(PredictorScope::Between).count), (15, 3));
        // Five ranks that agree count as 1 − 6 / (5 · 24).
        assert!((of(PredictorScope::Within).correlation - 0.95).abs() < 1e-12);
        assert_eq!(of(PredictorScope::Between).correlation, -1.0);
        // By hand: ranks within blocks of five agree and blocks are reversed, so that Σd² = 5 · 10² · 2 = 1 000.
        let all = 1.0 - 6.0 * 1_000.0 / (15.0 * (15.0f64.powi(2) - 1.0));
        assert!((of(PredictorScope::All).correlation - all).abs() < 1e-12, "{all}");
    }

    #[test]
    fn a_constant_measure_has_no_correlation() {
        let rows: Vec<_> =
            (0..6).flat_map(|seed| [row("sgd", seed, false, 1.0), row("sgd", seed, true, seed as f64)]).collect();
        assert_eq!(correlations(&rows).unwrap(), []);
    }
}
