//! Claims and the evidence for and against each claim.

use super::effect_cells::{effect, interval, p_value};
use crate::claim_verdict::{verdict, word};
use crate::document::Document;
use crate::input::ReportInput;
use crate::words::{counted, listed};
use minima_rows::optimizers::{label, sort_key};
use minima_rows::significant::Radius;
use minima_rows::{Claim, Table, in_order};
use minima_rows::{ClaimRow, ClaimVerdict};

/// The section's heading.
pub(crate) fn title(claims: &[Claim]) -> &'static str {
    if claims.is_empty() { "Optimizers compared" } else { "Claims and verdicts" }
}

/// The pairs of claim and optimizer in the rows, in order.
fn judged(rows: &[ClaimRow]) -> Vec<(&str, &str)> {
    let mut found = in_order(rows.iter().map(|row| (row.claim.as_str(), row.optimizer.as_str())));
    found.sort_by_key(|(claim, optimizer)| (*claim, sort_key(optimizer)));
    found
}

/// The claim's letter and sentence; only the letter if the claim is unknown.
fn sentence(claims: &[Claim], letter: &str, optimizer: &str) -> String {
    Claim::find(claims, letter, optimizer)
        .map_or_else(|| format!("({letter})"), |claim| format!("({letter}) {}", claim.sentence))
}

/// One row per claim and optimizer.
pub(crate) fn summary(rows: &[ClaimRow], claims: &[Claim]) -> Table {
    let mut table = Table::new(&["claim", "optimizer", "hold", "fail", "negligible", "undecided", "verdict"]);
    for (claim, optimizer) in judged(rows) {
        let own = || rows.iter().filter(|row| row.claim == claim && row.optimizer == optimizer);
        let count = |verdict| own().filter(|row| row.verdict == verdict).count().to_string();
        table.rows.push(vec![
            sentence(claims, claim, optimizer),
            label(optimizer).to_owned(),
            count(ClaimVerdict::Holds),
            count(ClaimVerdict::Fails),
            count(ClaimVerdict::Negligible),
            count(ClaimVerdict::Undecided),
            word(verdict(rows, claim, optimizer)).to_owned(),
        ]);
    }
    table
}

/// One row per comparison.
pub(crate) fn comparisons(rows: &[ClaimRow]) -> Table {
    let mut table = Table::new(&[
        "claim",
        "optimizer",
        "against",
        "labels",
        "at",
        "quantity",
        "seeds",
        "effect",
        "95 % interval",
        "border",
        "p (Holm)",
        "p (negligible)",
        "seeds to decide",
        "verdict",
    ]);
    for row in rows {
        table.rows.push(vec![
            format!("({})", row.claim),
            label(&row.optimizer).to_owned(),
            label(&row.against).to_owned(),
            row.labels.clone(),
            row.at.map_or_else(String::new, |at| Radius(at).to_string()),
            row.quantity.clone(),
            row.seeds.to_string(),
            effect(row.effect),
            interval(row.low, row.high),
            row.border.to_string(),
            p_value(row.p_holm),
            row.p_negligible.map_or_else(String::new, p_value),
            row.seeds_to_decide.map_or_else(|| "–".to_owned(), |seeds| seeds.to_string()),
            word(row.verdict).to_owned(),
        ]);
    }
    table
}

/// The differences between models, without claims: one row for each comparison of two models.
pub(crate) fn differences(rows: &[ClaimRow]) -> Table {
    let all = comparisons(rows);
    let shown = ["optimizer", "against", "labels", "at", "quantity", "seeds", "effect", "95 % interval"];
    let columns: Vec<usize> =
        shown.iter().filter_map(|name| all.header.iter().position(|column| column == name)).collect();
    let mut table = Table::new(&shown);
    // A comparison with a constant has no second model.
    let two = rows.iter().zip(all.rows).filter(|(row, _)| !row.against.is_empty()).map(|(_, cells)| cells);
    for cells in in_order(two) {
        table.rows.push(columns.iter().filter_map(|column| cells.get(*column).cloned()).collect());
    }
    table.rows = in_order(table.rows);
    table
}

/// The text above the table of differences, which replaces the claims if they are about another data set.
pub(crate) fn about_differences(input: &ReportInput<'_>) -> String {
    let remark = input.reference.map_or("", |reference| reference.remarks().other_data);
    let words = "Each row is the first optimizer's number minus the number of the second optimizer or labels, with a 95 % interval \
                 over seeds and test images.";
    format!("{remark} {words}").trim_start().to_owned()
}

/// The section; `None` without rows.
pub(crate) fn section(input: &ReportInput<'_>, rows: &[ClaimRow]) -> Option<Document> {
    let claims = input.claims();
    if claims.is_empty() {
        let table = differences(rows);
        let document = || Document::of_paragraph(about_differences(input));
        return (!table.rows.is_empty()).then(|| document().table(title(claims), table));
    }
    Some(sentences(rows, claims)?.table(title(claims), summary(rows, claims)))
}

/// The method, and a list with one item per claim.
pub(crate) fn sentences(rows: &[ClaimRow], claims: &[Claim]) -> Option<Document> {
    let seeds = rows.iter().map(|row| row.seeds).max()?;
    let judged = judged(rows);
    let alone = if seeds == 1 { " One seed gives no interval, so nothing can be decided." } else { "" };
    let method = format!(
        "Each comparison uses {}, with a 95 % interval and Holm's correction over all {}. A claim holds for an optimizer if all its \
         comparisons hold, and fails if one fails. A difference is negligible if it is shown to be smaller than the smallest one that \
         matters, and does not hold or fail.{alone}",
        counted(seeds as usize, "seed"),
        counted(rows.len(), "comparison")
    );
    let mut lines = Vec::new();
    for said in in_order(judged.iter().map(|(letter, name)| sentence(claims, letter, name))) {
        let of = |wanted: ClaimVerdict| -> Vec<String> {
            let own = judged.iter().filter(|(letter, name)| sentence(claims, letter, name) == said);
            let own = own.filter(|(letter, name)| verdict(rows, letter, name) == wanted);
            own.map(|(_, name)| label(name).to_owned()).collect()
        };
        let parts: Vec<String> = [
            (ClaimVerdict::Holds, "holds for"),
            (ClaimVerdict::Fails, "fails for"),
            (ClaimVerdict::Negligible, "is about a negligible difference for"),
            (ClaimVerdict::Undecided, "is undecided for"),
        ]
        .into_iter()
        .filter_map(|(verdict, words)| {
            let named = of(verdict);
            (!named.is_empty()).then(|| format!("{words} {}", listed(&named)))
        })
        .collect();
        lines.push(format!("{said} This {}.", parts.join("; ")));
    }
    Some(Document::of_paragraph(method).list(lines))
}
