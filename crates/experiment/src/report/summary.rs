//! The first lines of the report: what was run and what came out.

use super::findings::{Finding, Verdict};
use super::studies::{Sample, percent, quoted_epsilon};
use super::{ReportInput, capitalised, listed, share};
use crate::optimizers::{distinct, label};
use crate::paper::same;
use crate::records::FgsmRow;
use crate::tables::in_order;

/// What was run.
pub fn what_was_run(input: &ReportInput<'_>) -> String {
    let optimizers: Vec<String> = distinct(input.training.iter().map(|row| row.optimizer.as_str()))
        .into_iter()
        .map(|name| label(name).to_owned())
        .collect();
    let mut datasets: Vec<String> = input.training.iter().map(|row| row.dataset.clone()).collect();
    datasets.sort();
    datasets.dedup();
    let seeds: Vec<String> = input.seeds.iter().map(u64::to_string).collect();
    let epochs = input.training.iter().map(|row| row.epoch).max().unwrap_or(0);
    if optimizers.is_empty() {
        return format!("{}; no training run is recorded.\n", capitalised(&input.source()));
    }
    format!(
        "{}: {} trained the same network from the same initial weights for {} on {} training data ({}).\n",
        capitalised(&input.source()),
        listed(&optimizers),
        counted(epochs as usize, "epoch"),
        listed(&datasets),
        format_args!("{} {}", if seeds.len() == 1 { "seed" } else { "seeds" }, listed(&seeds)),
    )
}

/// What came out, in a list.
pub fn what_came_out(input: &ReportInput<'_>, findings: &[Finding]) -> String {
    let mut lines = String::new();
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (matching, differing) = (count(Verdict::Matches), count(Verdict::Differs));
    if matching + differing > 0 {
        lines.push_str(&format!(
            "- Of {} with the paper, {matching} match and {differing} do not; the next section has each.\n",
            counted(matching + differing, "comparison")
        ));
    } else {
        lines.push_str("- Nothing in this run is judged against the paper.\n");
    }
    if let Some((epsilon, least, most)) = extremes(input) {
        lines.push_str(&format!(
            "- FGSM at ε = {epsilon} flips the lowest share of what a clean model classifies correctly for {}, {}, and the highest \
             for {}, {}{}.",
            label(least.optimizer),
            least.said,
            label(most.optimizer),
            most.said,
            over(input, least.seeds.iter().chain(&most.seeds).copied())
        ));
        // Five percent fewer correct images: those left are the easier ones.
        if least.correct.min(most.correct) < 0.95 * least.correct.max(most.correct) {
            lines.push_str(" They classify so differently many that the shares do not compare.");
        }
        lines.push('\n');
    }
    lines
}

/// FGSM on one optimizer's clean models: means over seeds.
struct Flips<'a> {
    optimizer: &'a str,
    seeds: Vec<u64>,
    correct: f64,
    rate: f64,
    said: String,
}

fn flips<'a>(optimizer: &'a str, rows: &[&FgsmRow]) -> Option<Flips<'a>> {
    let rate = Sample::of(rows.iter().map(|row| row.success_rate))?.mean;
    let correct = Sample::of(rows.iter().map(|row| f64::from(row.correct)))?.mean;
    let said = match rows {
        [only] => share(only.successes, only.correct),
        _ => percent(rate),
    };
    Some(Flips { optimizer, seeds: rows.iter().map(|row| row.seed).collect(), correct, rate, said })
}

fn extremes<'a>(input: &ReportInput<'a>) -> Option<(f64, Flips<'a>, Flips<'a>)> {
    let epsilon = quoted_epsilon(input.table1.iter().map(|row| row.epsilon))?;
    let all = || {
        distinct(input.table1.iter().map(|row| row.optimizer.as_str())).into_iter().filter_map(|name| {
            let own = input.table1.iter().filter(|row| row.optimizer == name && same(row.epsilon, epsilon));
            flips(name, &own.collect::<Vec<_>>())
        })
    };
    let least = all().min_by(|left, right| left.rate.total_cmp(&right.rate))?;
    let most = all().max_by(|left, right| left.rate.total_cmp(&right.rate))?;
    (least.optimizer != most.optimizer).then_some((epsilon, least, most))
}

/// Which seeds numbers are of, in brackets: nothing where the run has one seed only.
pub(super) fn over(input: &ReportInput<'_>, seeds: impl IntoIterator<Item = u64>) -> String {
    match in_order(seeds).as_slice() {
        [only] if input.seeds.len() > 1 => format!(" (seed {only})"),
        [] | [_] => String::new(),
        several => format!(" (means over {})", counted(several.len(), "seed")),
    }
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
