//! The verdict on a claim for one optimizer, from the rows of `claims.csv`.

use minima_rows::{ClaimRow, ClaimVerdict};

/// The verdict on a claim for one optimizer. The claim fails if one comparison fails, is otherwise undecided if one comparison
/// is undecided or none exists, otherwise negligible if one comparison is negligible, and holds if all comparisons hold.
#[must_use]
pub fn verdict(rows: &[ClaimRow], letter: &str, optimizer: &str) -> ClaimVerdict {
    let of = |row: &&ClaimRow| row.claim == letter && row.optimizer == optimizer;
    let verdicts: Vec<ClaimVerdict> = rows.iter().filter(of).map(|row| row.verdict).collect();
    if verdicts.contains(&ClaimVerdict::Fails) {
        ClaimVerdict::Fails
    } else if verdicts.is_empty() || verdicts.contains(&ClaimVerdict::Undecided) {
        ClaimVerdict::Undecided
    } else if verdicts.contains(&ClaimVerdict::Negligible) {
        ClaimVerdict::Negligible
    } else {
        ClaimVerdict::Holds
    }
}

/// The verdict as a word for reports.
#[must_use]
pub fn word(verdict: ClaimVerdict) -> &'static str {
    match verdict {
        ClaimVerdict::Holds => "holds",
        ClaimVerdict::Fails => "fails",
        ClaimVerdict::Negligible => "negligible",
        ClaimVerdict::Undecided => "undecided",
    }
}
