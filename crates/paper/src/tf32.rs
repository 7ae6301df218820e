//! The published Gauss-Newton with and without TF32's rounding, compared with the paper.

use crate::agreement::check_curve;
use crate::numbers;
use minima_report::words::share;
use minima_report::{Document, ReportInput};
use minima_rows::CLEAN;
use minima_rows::Table;
use minima_rows::optimizers::{PUBLISHED, PUBLISHED_TF32};
use minima_rows::significant::decimal;

/// The section; `None` if the run did not train with TF32's rounding.
pub(crate) fn section(input: &ReportInput<'_>) -> Option<Document> {
    let emulated = input.final_epoch(CLEAN, PUBLISHED_TF32)?;
    let exact = input.final_epoch(CLEAN, PUBLISHED);
    let with_paper = input.beside().is_some();
    let curve = if with_paper { numbers::curve(CLEAN, PUBLISHED) } else { Vec::new() };
    let theirs = curve.iter().find(|point| point.epoch == emulated.epoch);

    let missing = || "–".to_owned();
    let mut table = Table::new(&["clean labels", "paper", "without TF32", "TF32 emulated"]);
    if !with_paper {
        table.header.remove(1);
    }
    let mut add = |mut cells: Vec<String>| {
        if !with_paper {
            cells.remove(1);
        }
        table.rows.push(cells);
    };
    add(vec![
        format!("train loss, epoch {}", emulated.epoch),
        theirs.map_or_else(missing, |point| format!("{:.4}", point.train_loss)),
        exact.map_or_else(missing, |row| decimal(row.train_loss, 4)),
        decimal(emulated.train_loss, 4),
    ]);
    add(vec![
        format!("test accuracy, epoch {}", emulated.epoch),
        theirs.map_or_else(missing, |point| format!("{:.4}", point.test_accuracy)),
        exact.map_or_else(missing, |row| format!("{:.4}", row.test_accuracy)),
        format!("{:.4}", emulated.test_accuracy),
    ]);
    for epsilon in numbers::EPSILONS {
        let counted = |name| input.clean_attack(name, epsilon).map(|row| share(row.successes, row.correct));
        let published = numbers::fgsm(CLEAN, PUBLISHED, epsilon);
        add(vec![
            format!("success rate at ε = {epsilon}"),
            published.map_or_else(missing, |count| share(count.successes, count.correct)),
            counted(PUBLISHED).unwrap_or_else(missing),
            counted(PUBLISHED_TF32).unwrap_or_else(missing),
        ]);
    }

    let words = format!(
        "TF32 keeps 10 bits of mantissa in the factors of a product. The emulation rounds the factors in this way. It does \
         not follow the GPU's order of summation, so it shows how much such rounding matters{}.",
        if with_paper { " but need not reproduce the paper's counts" } else { "" }
    );
    let caption = "The published Gauss-Newton without and with TF32's rounding";
    let mut text = Document::of_paragraph(words).table(caption, table);
    let attacks = (
        input.clean_attack(PUBLISHED, 0.1),
        input.clean_attack(PUBLISHED_TF32, 0.1),
        numbers::fgsm(CLEAN, PUBLISHED, 0.1),
    );
    if input.is_reference_configuration
        && let (Some(exact), Some(emulated), Some(published)) = attacks
    {
        let off = |rate: f64| 100.0 * (rate - published.success_rate());
        let (without, with) = (off(exact.success_rate), off(emulated.success_rate));
        let nearer = if with.abs() < without.abs() { "nearer to" } else { "no nearer to" };
        text = text.paragraph(format!(
            "At ε = 0.1 the success rate differs from the paper's by {with:+.1} points with emulated TF32 and by {without:+.1} \
             points without. Emulating TF32 comes {nearer} the published count."
        ));
    }
    if input.is_reference_configuration
        && let Some(check) = check_curve(input.training, CLEAN, PUBLISHED_TF32)
    {
        let is = if check.passes() { "matches" } else { "does not match" };
        text = text.paragraph(format!(
            "The training curve with emulated TF32 {is} the paper's curve. The largest differences are {:.4} in train loss, \
             {:.4} in train accuracy and {:.4} in test accuracy.",
            check.train_loss, check.train_accuracy, check.test_accuracy
        ));
    }
    Some(text)
}
