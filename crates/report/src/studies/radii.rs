//! The distances to the nearest misclassified image, between proofs and attacks.

use super::effect_cells::{effect, interval, p_value};
use super::{Sample, predictors};
use crate::document::Document;
use crate::results::StudyResults;
use crate::words::{counted, listed};
use minima_rows::optimizers::{distinct, label};
use minima_rows::{RadiusDifferenceRow, RadiusQuantity, RadiusRow, Table, in_order};

pub(crate) const TITLE: &str = "Radii: between proofs and attacks";
pub(crate) const CORRELATIONS: &str = "Rank correlations with the mean radii, with 95 % intervals";
pub(crate) const DIFFERENCES: &str = "Differences of mean radii, with 95 % intervals";

/// Digits of a radius. The search for a bracket ends at 0.001.
const DECIMALS: usize = 4;
/// The largest p-value of a difference that counts.
const LEVEL: f64 = 0.05;

/// Describes the method.
const INTRODUCTION: &str = "The distance of an image to the nearest misclassified image, in L∞: at least the largest radius that is proved, and at most the \
     smallest one that an attack breaks. Both ends are averaged over the first test images; a misclassified image has the distance 0. \
     A difference in proved radii alone may be a difference in how well models can be bounded. It is established that the true mean \
     distances differ if even the least difference that the brackets allow is above 0.";

/// One row per optimizer: means over seeds.
pub(crate) fn table(rows: &[RadiusRow]) -> Table {
    let mut table = Table::new(&[
        "optimizer",
        "seeds",
        "mean proved",
        "mean broken",
        "median proved",
        "median broken",
        "never broken",
    ]);
    for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
        let own: Vec<&RadiusRow> = rows.iter().filter(|row| row.optimizer == optimizer).collect();
        let of = |pick: fn(&RadiusRow) -> f64| {
            Sample::of(own.iter().map(|row| pick(row))).map_or_else(|| "–".to_owned(), |sample| sample.digits(DECIMALS))
        };
        let (unbroken, images): (u32, u32) =
            (own.iter().map(|row| row.unbroken).sum(), own.iter().map(|row| row.images).sum());
        table.rows.push(vec![
            label(optimizer).to_owned(),
            own.len().to_string(),
            of(|row| row.mean_proved),
            of(|row| row.mean_broken),
            of(|row| row.median_proved),
            of(|row| row.median_broken),
            format!("{unbroken} of {images}"),
        ]);
    }
    table
}

/// One row per pair of optimizers.
pub(crate) fn differences(rows: &[RadiusDifferenceRow]) -> Table {
    let quantities = in_order(rows.iter().map(|row| row.quantity));
    let mut header = vec!["optimizer".to_owned(), "against".to_owned(), "seeds".to_owned()];
    for quantity in &quantities {
        header.extend([quantity.to_string(), format!("p, {quantity}")]);
    }
    let mut table = Table { header, rows: Vec::new() };
    for (optimizer, against) in in_order(rows.iter().map(|row| (row.optimizer.as_str(), row.against.as_str()))) {
        let own = |quantity| {
            rows.iter().find(|row| {
                (row.optimizer.as_str(), row.against.as_str(), row.quantity) == (optimizer, against, quantity)
            })
        };
        let seeds = rows.iter().find(|row| (row.optimizer.as_str(), row.against.as_str()) == (optimizer, against));
        let mut cells = vec![
            label(optimizer).to_owned(),
            label(against).to_owned(),
            seeds.map_or_else(|| "–".to_owned(), |row| row.seeds.to_string()),
        ];
        for quantity in &quantities {
            match own(*quantity) {
                Some(row) => cells
                    .extend([format!("{} ({})", effect(row.effect), interval(row.low, row.high)), p_value(row.p_holm)]),
                None => cells.extend(["–".to_owned(), "–".to_owned()]),
            }
        }
        table.rows.push(cells);
    }
    table
}

/// The section; `None` without rows.
pub(crate) fn section(studies: &StudyResults) -> Option<Document> {
    let mut found = sentences(studies)?.table(TITLE, table(&studies.radii));
    if !studies.radius_differences.is_empty() {
        found = found.table(DIFFERENCES, differences(&studies.radius_differences));
    }
    if !studies.radius_correlations.is_empty() {
        found = found.table(CORRELATIONS, predictors::table(&studies.radius_correlations));
    }
    Some(found)
}

/// The method, and the differences that hold.
pub(crate) fn sentences(studies: &StudyResults) -> Option<Document> {
    let (rows, compared) = (&studies.radii, &studies.radius_differences);
    let most = rows.iter().map(|row| row.images).max()?;
    let seeds = in_order(rows.iter().map(|row| row.seed)).len();
    let mut lines =
        vec![format!("Means over the first {} and {}.", counted(most as usize, "image"), counted(seeds, "seed"))];
    let certain: Vec<String> = compared.iter().filter_map(established).collect();
    lines.push(match certain.as_slice() {
        [] => "The brackets establish no order between two optimizers.".to_owned(),
        some => format!("The brackets establish that true distances are larger {}.", listed(some)),
    });
    for quantity in [RadiusQuantity::Proved, RadiusQuantity::Broken] {
        let own = compared.iter().filter(|row| row.quantity == quantity && row.p_holm < LEVEL);
        let some: Vec<String> = own.map(larger).collect();
        if !some.is_empty() {
            lines.push(format!("Mean {quantity} radii are larger {}.", listed(&some)));
        }
    }
    Some(Document::of_paragraph(INTRODUCTION).list(lines))
}

/// The pair of a difference, the larger one first.
fn larger(row: &RadiusDifferenceRow) -> String {
    let (first, second) =
        if row.effect > 0.0 { (&row.optimizer, &row.against) } else { (&row.against, &row.optimizer) };
    format!("for {} than for {}", label(first), label(second))
}

/// The pair of a true difference that is established.
fn established(row: &RadiusDifferenceRow) -> Option<String> {
    let holds = match row.quantity {
        RadiusQuantity::Least => row.effect > 0.0,
        RadiusQuantity::Most => row.effect < 0.0,
        RadiusQuantity::Proved | RadiusQuantity::Broken => false,
    };
    (holds && row.p_holm < LEVEL).then(|| larger(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(against: &str, quantity: RadiusQuantity, effect: f64, p_holm: f64) -> RadiusDifferenceRow {
        RadiusDifferenceRow {
            optimizer: "sgd".to_owned(),
            against: against.to_owned(),
            quantity,
            seeds: 5,
            effect,
            low: effect - 0.01,
            high: effect + 0.01,
            p_holm,
        }
    }

    #[test]
    fn an_order_is_established_by_the_ends_that_are_nearest() {
        let found = |quantity, effect, p| established(&row("adam", quantity, effect, p));
        assert_eq!(found(RadiusQuantity::Least, 0.02, 0.01).as_deref(), Some("for SGD than for Adam"));
        assert_eq!(found(RadiusQuantity::Most, -0.02, 0.01).as_deref(), Some("for Adam than for SGD"));
        assert_eq!(found(RadiusQuantity::Least, 0.02, 0.06), None);
        assert_eq!(found(RadiusQuantity::Proved, 0.02, 0.01), None);
    }
}
