//! The first lines of the report: what was run and what came out.

use super::findings::{Finding, Verdict};
use super::{ReportInput, listed, share};
use crate::optimizers::{distinct, label};
use crate::records::FgsmRow;

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
        return format!("Preset `{}`; no training run is recorded.\n", input.preset);
    }
    format!(
        "Preset `{}`: {} trained the same network from the same initial weights for {} on {} training data ({}).\n",
        input.preset,
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
    if let Some((least, most)) = extremes(input) {
        lines.push_str(&format!(
            "- FGSM at ε = {} flips the lowest share of what a clean model classifies correctly for {}, {}, and the highest \
             for {}, {}.",
            least.epsilon,
            label(&least.optimizer),
            share(least.successes, least.correct),
            label(&most.optimizer),
            share(most.successes, most.correct),
        ));
        // Five percent fewer correct images: those left are the easier ones.
        if least.correct.min(most.correct) < (0.95 * f64::from(least.correct.max(most.correct))) as u32 {
            lines.push_str(" They classify so differently many that the shares do not compare.");
        }
        lines.push('\n');
    }
    lines
}

fn extremes<'a>(input: &ReportInput<'a>) -> Option<(&'a FgsmRow, &'a FgsmRow)> {
    let largest = input.table1.iter().map(|row| row.epsilon).max_by(f64::total_cmp)?;
    let seed = input.quoted_seed();
    let here = || input.table1.iter().filter(|row| row.epsilon == largest && row.seed == seed);
    let least = here().min_by(|left, right| left.success_rate.total_cmp(&right.success_rate))?;
    let most = here().max_by(|left, right| left.success_rate.total_cmp(&right.success_rate))?;
    (least.optimizer != most.optimizer).then_some((least, most))
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
