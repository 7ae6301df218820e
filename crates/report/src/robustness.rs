//! The report's section on attacks stronger than FGSM, and on masked gradients.

use crate::document::Document;
use crate::input::ReportInput;
use minima_rows::optimizers::{distinct, label};
use minima_rows::significant::Radius;
use minima_rows::{MaskingRow, RobustnessRow, TransferRow};
use minima_rows::{Table, in_order, names};

/// The table of attacks: one row per optimizer and one column per attack and radius, with the number of robust images.
pub fn robustness_table(rows: &[RobustnessRow]) -> Table {
    let columns = in_order(rows.iter().map(|row| (row.attack.as_str(), row.epsilon)));
    let titles: Vec<String> =
        columns.iter().map(|(attack, epsilon)| format!("{attack} {}", Radius(*epsilon))).collect();
    let mut header = vec!["labels", "optimizer", "correct"];
    header.extend(titles.iter().map(String::as_str));
    let mut table = Table::new(&header);
    for labels in names(rows.iter().map(|row| row.labels.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let own = || rows.iter().filter(|row| row.labels == labels && row.optimizer == optimizer);
            let mean = |values: Vec<f64>| match values.len() {
                0 => "–".to_owned(),
                count => format!("{:.0}", values.iter().sum::<f64>() / count as f64),
            };
            if own().next().is_none() {
                continue;
            }
            let mut cells = vec![labels.to_owned(), label(optimizer).to_owned()];
            cells.push(mean(own().map(|row| f64::from(row.correct)).collect()));
            for &(attack, epsilon) in &columns {
                let at = own().filter(|row| row.attack == attack && row.epsilon == epsilon);
                cells.push(mean(at.map(|row| f64::from(row.robust)).collect()));
            }
            table.rows.push(cells);
        }
    }
    table
}

/// The section on attacks; `None` without attacks.
pub(super) fn section(input: &ReportInput<'_>) -> Option<Document> {
    let images = input.robustness.iter().map(|row| row.images).max()?;
    let mut words = format!(
        "Number of the first {images} test images that are still classified correctly after an attack in an L∞ ball (means over \
         seeds)."
    );
    for (attack, sentence) in [
        ("pgd", " `pgd` takes 40 steps of a tenth of the radius."),
        ("autoattack", " `autoattack` runs Auto-PGD with two losses, FAB and Square in turn."),
        ("square", " `square` uses no gradients."),
    ] {
        if input.robustness.iter().any(|row| row.attack == attack) {
            words.push_str(sentence);
        }
    }
    let table = robustness_table(input.robustness);
    Some(Document::of_paragraph(words).table("Robust images under each attack", table).then(hidden(input.robustness)))
}

/// Sentences on models with fewer robust images under Square, which uses no gradients, than under PGD.
fn hidden(rows: &[RobustnessRow]) -> Document {
    let (mut found, mut compared) = (Vec::new(), false);
    for row in rows.iter().filter(|row| row.attack == "square") {
        let same = |other: &&RobustnessRow| {
            (&other.labels, &other.optimizer, other.seed) == (&row.labels, &row.optimizer, row.seed)
                && other.epsilon == row.epsilon
        };
        let pgd = rows.iter().filter(same).find(|other| other.attack == "pgd");
        compared |= pgd.is_some();
        // A few images can differ by chance, because Square is a random search.
        if let Some(pgd) = pgd.filter(|pgd| row.robust + row.images / 50 < pgd.robust) {
            found.push(format!(
                "{} ({}, seed {}) at ε = {}: {} images are robust under Square and {} under PGD. An attack without gradients \
                 succeeds more often than an attack with gradients. This indicates that the gradients are misleading and that \
                 FGSM's counts say little about this model.",
                label(&row.optimizer),
                row.labels,
                row.seed,
                Radius(row.epsilon),
                row.robust,
                pgd.robust
            ));
        }
    }
    if !compared {
        return Document::default();
    }
    if found.is_empty() {
        let words =
            "Square, which uses no gradients, is not clearly stronger than PGD on any model (by 2 % of the images).";
        return Document::of_paragraph(words);
    }
    Document::of_list(found)
}

/// The table of checks for masked gradients; `None` without checks.
pub(super) fn masking(rows: &[MaskingRow], caption: &str) -> Option<Document> {
    if rows.is_empty() {
        return None;
    }
    let mut table = Table::new(&["model", "check", "verdict", "numbers"]);
    for row in rows {
        let model = format!("{} {}, seed {}", row.labels, label(&row.optimizer), row.seed);
        table.rows.push(vec![model, row.check.clone(), row.verdict.clone(), row.evidence.clone()]);
    }
    let words =
        "Checks for gradients that hide a model's weakness (Athalye, Carlini & Wagner 2018; Carlini et al. 2019).";
    Some(Document::of_paragraph(words).table(caption, table))
}

/// The success rates of adversarial images made on one model and classified by another, in percent; `None` without rows.
pub(super) fn transfer(rows: &[TransferRow]) -> Option<Document> {
    let first = rows.first()?;
    let targets = in_order(rows.iter().map(|row| row.target.as_str()));
    // A single model says nothing of others.
    if targets.len() < 2 {
        return None;
    }
    let mut header = vec!["made on"];
    header.extend(&targets);
    let mut table = Table::new(&header);
    for source in &targets {
        let cells = targets.iter().map(|target| {
            let cell = rows.iter().find(|row| row.source == *source && row.target == *target);
            let rate = cell.and_then(TransferRow::success_rate);
            rate.map_or_else(|| "–".to_owned(), |rate| format!("{:.0} %", 100.0 * rate))
        });
        table.rows.push(std::iter::once((*source).to_owned()).chain(cells).collect());
    }
    let words = format!(
        "Adversarial images of `{}` at ε = {}, made on one model (rows) with all steps and classified by another model (columns). \
         The success rate is the share of adversarial images that the other model misclassifies, among the images that both \
         models classify correctly.",
        first.attack,
        Radius(first.epsilon)
    );
    Some(Document::of_paragraph(words).table("Success rates, by model", table))
}
