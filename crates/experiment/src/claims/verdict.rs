//! What the rows of `claims.csv` come to: a verdict a claim and optimizer, and tables.

use super::{Claim, claim};
use crate::optimizers::{label, sort_key};
use crate::records::{ClaimRow, ClaimVerdict};
use crate::tables::Table;

/// The verdict on a claim for one optimizer: it holds where all comparisons do, fails where one fails, else is undecided.
///
/// Without a comparison it is undecided.
#[must_use]
pub fn verdict(rows: &[ClaimRow], letter: &str, optimizer: &str) -> ClaimVerdict {
    let of = |row: &&ClaimRow| row.claim == letter && row.optimizer == optimizer;
    let verdicts: Vec<ClaimVerdict> = rows.iter().filter(of).map(|row| row.verdict).collect();
    if verdicts.contains(&ClaimVerdict::Fails) {
        ClaimVerdict::Fails
    } else if verdicts.is_empty() || verdicts.contains(&ClaimVerdict::Undecided) {
        ClaimVerdict::Undecided
    } else {
        ClaimVerdict::Holds
    }
}

/// The verdict as a reader should see it.
#[must_use]
pub fn word(verdict: ClaimVerdict) -> &'static str {
    match verdict {
        ClaimVerdict::Holds => "holds",
        ClaimVerdict::Fails => "fails",
        ClaimVerdict::Undecided => "undecided",
    }
}

/// The claims that these rows are about, each with the optimizers it is about, in order.
#[must_use]
pub fn judged(rows: &[ClaimRow]) -> Vec<(&'static Claim, String)> {
    let mut found: Vec<(String, String)> = rows.iter().map(|row| (row.claim.clone(), row.optimizer.clone())).collect();
    found.sort_by_key(|(letter, optimizer)| (letter.clone(), sort_key(optimizer)));
    found.dedup();
    found.into_iter().filter_map(|(letter, optimizer)| Some((claim(&letter, &optimizer)?, optimizer))).collect()
}

/// A line a claim and optimizer: the sentence, how many comparisons hold, fail or are undecided, and the verdict.
#[must_use]
pub fn summary_table(rows: &[ClaimRow]) -> Table {
    let mut table = Table::new(&["claim", "optimizer", "hold", "fail", "undecided", "verdict"]);
    for (claim, optimizer) in judged(rows) {
        let of = |row: &&ClaimRow| row.claim == claim.letter && row.optimizer == optimizer;
        let count = |verdict| rows.iter().filter(of).filter(|row| row.verdict == verdict).count().to_string();
        table.rows.push(vec![
            format!("({}) {}", claim.letter, claim.sentence),
            label(&optimizer).to_owned(),
            count(ClaimVerdict::Holds),
            count(ClaimVerdict::Fails),
            count(ClaimVerdict::Undecided),
            word(verdict(rows, claim.letter, &optimizer)).to_owned(),
        ]);
    }
    table
}

/// A line a comparison: the effect with its 95 % interval, the border, the corrected p-value and the verdict.
#[must_use]
pub fn comparison_table(rows: &[ClaimRow]) -> Table {
    let mut table =
        Table::new(&["claim", "optimizer", "against", "at", "effect", "95 %", "border", "p (Holm)", "verdict"]);
    for row in rows {
        table.rows.push(vec![
            format!("({}) {}", row.claim, row.quantity),
            label(&row.optimizer).to_owned(),
            label(&row.against).to_owned(),
            row.at.map_or_else(String::new, |at| at.to_string()),
            format!("{:+.4}", row.effect),
            format!("{:+.4} to {:+.4}", row.low, row.high),
            row.border.to_string(),
            if row.p_holm < 1e-4 { "< 0.0001".to_owned() } else { format!("{:.4}", row.p_holm) },
            word(row.verdict).to_owned(),
        ]);
    }
    table
}
