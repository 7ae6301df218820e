//! The summary of the study: the effect of rounding on success rates.

use super::plan::EXACT;
use minima_rows::PrecisionRow;
use minima_rows::Table;
use minima_rows::significant::Radius;

/// FGSM's success rate at the largest radius after the last epoch, over seeds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rounding {
    /// The curvature matrix.
    pub variant: String,
    /// The arithmetic.
    pub arithmetic: String,
    /// The radius.
    pub epsilon: f64,
    /// The epoch.
    pub epoch: u32,
    /// For each seed, the successes among the correctly classified images.
    pub rates: Vec<(u64, f64)>,
    /// The mean difference to the rate in `f64`, over the common seeds; `None` if there is no common seed.
    pub from_exact: Option<f64>,
}

impl Rounding {
    /// The mean rate over seeds.
    #[must_use]
    pub(crate) fn mean(&self) -> f64 {
        mean(self.rates.iter().map(|(_, rate)| *rate)).unwrap_or(f64::NAN)
    }

    /// The smallest and the largest rate.
    #[must_use]
    pub(crate) fn range(&self) -> [f64; 2] {
        self.rates.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], (_, r)| [low.min(*r), high.max(*r)])
    }
}

/// The rates of every variant and arithmetic in the rows, in the order of the rows. Runs that did not reach the last epoch of
/// their variant are excluded.
#[must_use]
pub(crate) fn rounding(rows: &[PrecisionRow]) -> Vec<Rounding> {
    let epsilon = rows.iter().map(|row| row.epsilon).fold(0.0, f64::max);
    let mut found: Vec<Rounding> = Vec::new();
    for row in rows.iter().filter(|row| row.epsilon == epsilon) {
        let last = rows.iter().filter(|other| other.variant == row.variant).map(|other| other.epoch).max();
        if last != Some(row.epoch) {
            continue;
        }
        let rate = (row.seed, f64::from(row.successes) / f64::from(row.correct.max(1)));
        let same = |other: &&mut Rounding| other.variant == row.variant && other.arithmetic == row.arithmetic;
        match found.iter_mut().find(same) {
            Some(entry) => entry.rates.push(rate),
            None => found.push(Rounding {
                variant: row.variant.clone(),
                arithmetic: row.arithmetic.clone(),
                epsilon,
                epoch: row.epoch,
                rates: vec![rate],
                from_exact: None,
            }),
        }
    }
    let exact: Vec<Rounding> = found.iter().filter(|entry| entry.arithmetic == EXACT).cloned().collect();
    for entry in &mut found {
        let Some(exact) = exact.iter().find(|exact| exact.variant == entry.variant) else { continue };
        let differences = entry.rates.iter().filter_map(|(seed, rate)| {
            let (_, exact) = exact.rates.iter().find(|(other, _)| other == seed)?;
            Some(rate - exact)
        });
        entry.from_exact = mean(differences);
    }
    found
}

/// A table of the rates, and for each variant a sentence on the effect of rounding.
#[must_use]
pub(crate) fn to_markdown(found: &[Rounding]) -> String {
    let mut table = Table::new(&[
        "curvature",
        "arithmetic",
        "seeds",
        "success rate, mean",
        "smallest to largest",
        "less that in f64",
    ]);
    for entry in found {
        let [low, high] = entry.range();
        table.rows.push(vec![
            entry.variant.clone(),
            entry.arithmetic.clone(),
            entry.rates.len().to_string(),
            percent(entry.mean()),
            format!("{} to {}", percent(low), percent(high)),
            entry.from_exact.map_or_else(|| "–".to_owned(), |off| format!("{:+.1} points", 100.0 * off)),
        ]);
    }
    let mut text = table.to_markdown();
    for exact in found.iter().filter(|entry| entry.arithmetic == EXACT) {
        let [low, high] = exact.range();
        let others = found.iter().filter(|e| e.variant == exact.variant && e.arithmetic != EXACT);
        let moved: Vec<String> = others
            .filter_map(|e| Some(format!("{} moves it by {:+.1} points", e.arithmetic, 100.0 * e.from_exact?)))
            .collect();
        if moved.is_empty() {
            continue;
        }
        text.push_str(&format!(
            "\n`{}`, ε = {}, after epoch {}: in f64 FGSM succeeds on {} ({} to {} over {} seeds); {}.\n",
            exact.variant,
            Radius(exact.epsilon),
            exact.epoch,
            percent(exact.mean()),
            percent(low),
            percent(high),
            exact.rates.len(),
            moved.join(", ")
        ));
    }
    text
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), x| (sum + x, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(arithmetic: &str, seed: u64, epoch: u32, epsilon: f64, successes: u32) -> PrecisionRow {
        PrecisionRow {
            variant: "coupled".to_owned(),
            arithmetic: arithmetic.to_owned(),
            seed,
            epoch,
            train_loss: 1.0,
            test_accuracy: 0.9,
            median_input_gradient_norm: 0.5,
            epsilon,
            correct: 1000,
            successes,
        }
    }

    #[test]
    fn differences_are_those_of_the_same_seed_at_the_end() {
        let rows = [
            row("f64", 1, 1, 0.1, 999),
            row("f64", 1, 2, 0.1, 680),
            row("f64", 1, 2, 0.01, 20),
            row("f64", 2, 2, 0.1, 700),
            row("tf32", 1, 2, 0.1, 510),
            // Seed 3 has no run in f64, and bf16 ended early.
            row("tf32", 3, 2, 0.1, 550),
            row("bf16", 1, 1, 0.1, 400),
        ];
        let found = rounding(&rows);
        assert_eq!(found.iter().map(|e| e.arithmetic.as_str()).collect::<Vec<_>>(), ["f64", "tf32"]);
        let (exact, tf32) = (&found[0], &found[1]);
        assert!((exact.mean() - 0.69).abs() < 1e-12 && exact.from_exact == Some(0.0));
        assert!((tf32.from_exact.unwrap() + 0.17).abs() < 1e-12, "{tf32:?}");
        assert_eq!(tf32.range(), [0.51, 0.55]);
        let text = to_markdown(&found);
        assert!(text.contains(
            "in f64 FGSM succeeds on 69.0 % (68.0 % to 70.0 % over 2 seeds); tf32 moves it by -17.0 points."
        ));
    }
}
