//! Decides whether two folders' numbers differ by more than noise.

use super::error::ComparisonError;
use super::result_file::Cell;
use minima_metrics::statistics::{Estimate, p_same_share};
use minima_rows::Noise;
use std::collections::BTreeMap;

/// One number or word of both folders, and the test of its difference.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judgement {
    /// Value in the first folder: a mean over the compared seeds, or a word.
    pub(super) a: String,
    /// Value in the second folder.
    pub(super) b: String,
    /// Second value minus first value, if they are numbers.
    pub(super) difference: Option<f64>,
    /// Number of compared seeds.
    pub(super) seeds: u32,
    /// The test of the difference.
    pub(super) test: Test,
}

/// How it is decided whether a value changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Test {
    /// The values are equal.
    Equal,
    /// The probability of such a difference by chance.
    Probability(f64),
    /// The difference relative to the larger value, and the tolerance.
    Tolerance { found: f64, allowed: f64 },
    /// The values differ and should be equal.
    Unequal,
}

/// Compares the cells of one metric by seed; `None` if the folders share no seed and one of them has a single seed.
pub(super) fn judge(
    a: &BTreeMap<u64, Cell>,
    b: &BTreeMap<u64, Cell>,
    noise: Noise,
) -> Result<Option<Judgement>, ComparisonError> {
    let pairs: Vec<(&Cell, &Cell)> = a.iter().filter_map(|(seed, cell)| Some((cell, b.get(seed)?))).collect();
    if pairs.is_empty() && (a.len() < 2 || b.len() < 2) {
        return Ok(None);
    }
    if let Some(judgement) = in_words(&pairs, noise) {
        return Ok(Some(judgement));
    }
    let numbers =
        |cells: &mut dyn Iterator<Item = &Cell>| -> Vec<f64> { cells.filter_map(|cell| cell.number).collect() };
    let paired = pairs.len() >= 2 || a.len() < 2 || b.len() < 2;
    let (first, second) = if paired {
        (numbers(&mut pairs.iter().map(|pair| pair.0)), numbers(&mut pairs.iter().map(|pair| pair.1)))
    } else {
        (numbers(&mut a.values()), numbers(&mut b.values()))
    };
    let (Some(mean_a), Some(mean_b)) = (mean(&first), mean(&second)) else { return Ok(None) };
    let test = if paired && first == second {
        Test::Equal
    } else if !paired {
        let difference = Estimate::over_seeds(&second)?.less(&Estimate::over_seeds(&first)?);
        Test::Probability(difference.p_apart(0.0))
    } else if first.len() >= 2 {
        let differences: Vec<f64> = second.iter().zip(&first).map(|(second, first)| second - first).collect();
        Test::Probability(Estimate::over_seeds(&differences)?.p_apart(0.0).max(pooled(&pairs, mean_a, mean_b, noise)))
    } else {
        of_one_seed(&pairs, mean_a, mean_b, noise)
    };
    Ok(Some(Judgement {
        a: shown(mean_a),
        b: shown(mean_b),
        difference: Some(mean_b - mean_a),
        seeds: u32::try_from(first.len().min(second.len())).unwrap_or(u32::MAX),
        test,
    }))
}

/// The judgement if words or missing numbers decide it without statistics: they differ for a seed, or all words are equal.
fn in_words(pairs: &[(&Cell, &Cell)], noise: Noise) -> Option<Judgement> {
    let exact = noise == Noise::Exact;
    let apart = |pair: &&(&Cell, &Cell)| {
        if exact { pair.0.text != pair.1.text } else { pair.0.number.is_some() != pair.1.number.is_some() }
    };
    let unequal = pairs.iter().find(apart);
    let same_words = pairs.first().filter(|pair| exact || pair.0.number.is_none());
    let (pair, test) = match (unequal, same_words) {
        (Some(pair), _) => (pair, Test::Unequal),
        (None, Some(pair)) if exact || pairs.iter().all(|pair| pair.0.number.is_none()) => (pair, Test::Equal),
        _ => return None,
    };
    let seeds = u32::try_from(pairs.len()).unwrap_or(u32::MAX);
    let word = |cell: &Cell| if cell.text.is_empty() { "nothing".to_owned() } else { cell.text.clone() };
    Some(Judgement { a: word(pair.0), b: word(pair.1), difference: None, seeds, test })
}

/// The judgement of all seeds pooled. It is needed because a few seeds that happen to change alike have no error estimate. A
/// quantity other than a count has changed if its mean changed by more than a tenth of the tolerance of a single seed.
fn pooled(pairs: &[(&Cell, &Cell)], a: f64, b: f64, noise: Noise) -> f64 {
    let among = |side: fn(&(&Cell, &Cell)) -> Option<f64>| pairs.iter().map(side).sum::<Option<f64>>();
    let seeds = pairs.len() as f64;
    match (noise, among(|pair| pair.0.of), among(|pair| pair.1.of)) {
        (Noise::CountAmong(_) | Noise::CountAmongTest, Some(of_a), Some(of_b)) => {
            p_same_share((a * seeds, of_a), (b * seeds, of_b))
        }
        (Noise::ShareOfTest | Noise::ShareOf(_), Some(of_a), Some(of_b)) => {
            p_same_share((a * of_a, of_a), (b * of_b, of_b))
        }
        (Noise::Relative(allowed), ..) => f64::from((b - a).abs() <= 0.1 * allowed * a.abs().max(b.abs())),
        _ => 0.0,
    }
}

/// The test of one seed's difference, by the kind of number.
fn of_one_seed(pairs: &[(&Cell, &Cell)], a: f64, b: f64, noise: Noise) -> Test {
    let among = pairs.first().map_or((None, None), |pair| (pair.0.of, pair.1.of));
    match (noise, among) {
        (Noise::CountAmong(_) | Noise::CountAmongTest, (Some(of_a), Some(of_b))) => {
            Test::Probability(p_same_share((a, of_a), (b, of_b)))
        }
        (Noise::ShareOfTest | Noise::ShareOf(_), (Some(of_a), Some(of_b))) => {
            Test::Probability(p_same_share((a * of_a, of_a), (b * of_b, of_b)))
        }
        (Noise::Relative(allowed), _) => Test::Tolerance { found: (b - a).abs() / a.abs().max(b.abs()), allowed },
        _ => Test::Unequal,
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Six significant digits, without trailing zeros.
fn shown(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let before = value.abs().log10().floor() as i32;
    if !(-4..9).contains(&before) {
        return format!("{value:.5e}");
    }
    let decimals = usize::try_from(5 - before).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
