//! The report's section on the curvature at the end of training, and on whether Gauss-Newton finds sharper minima.

use crate::document::Document;
use crate::input::ReportInput;
use crate::words::listed;
use minima_metrics::SpectrumOptions;
use minima_rows::optimizers::{ADAM, MEAN, SGD, distinct, label};
use minima_rows::significant::{decimal, significant};
use minima_rows::{CLEAN, CurvatureMatrix, CurvatureRow, SpectralQuantity};
use minima_rows::{Spread, Table, names};

/// Two values are about equal if their difference is at most this fraction of the larger one.
const ABOUT: f64 = 0.05;

/// Significant digits of eigenvalues and traces.
const DIGITS: usize = 3;

/// A measure of sharpness.
#[derive(Clone, Copy)]
struct Measure {
    name: &'static str,
    normalised: bool,
    quantity: SpectralQuantity,
}

/// The measures by which optimizers are compared.
const MEASURES: [Measure; 4] = [
    Measure { name: "largest eigenvalue", normalised: false, quantity: SpectralQuantity::Largest },
    Measure { name: "trace", normalised: false, quantity: SpectralQuantity::Trace },
    Measure {
        name: "largest eigenvalue in units of the filters",
        normalised: true,
        quantity: SpectralQuantity::Largest,
    },
    Measure { name: "trace in units of the filters", normalised: true, quantity: SpectralQuantity::Trace },
];

/// The relation of a value to another.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Larger,
    Smaller,
    About,
}

fn compare(own: f64, other: f64) -> Compared {
    if (own - other).abs() <= ABOUT * own.abs().max(other.abs()) {
        Compared::About
    } else if own > other {
        Compared::Larger
    } else {
        Compared::Smaller
    }
}

/// The rows behind one table cell or one number of a sentence: rank 1 of a quantity of the Hessian or another matrix.
fn cell<'a>(
    rows: &'a [CurvatureRow],
    matrix: CurvatureMatrix,
    normalised: bool,
    quantity: SpectralQuantity,
) -> impl Iterator<Item = &'a CurvatureRow> + 'a {
    rows.iter()
        .filter(move |row| (row.matrix, row.normalised, row.quantity, row.rank) == (matrix, normalised, quantity, 1))
}

/// Mean and range over the seeds of one model's values, with the largest residual if an eigenvalue has not converged, or the
/// standard error of an estimated trace.
fn shown<'a>(
    rows: impl Iterator<Item = &'a CurvatureRow>,
    [labels, optimizer]: [&str; 2],
    quantity: SpectralQuantity,
) -> String {
    let here: Vec<&CurvatureRow> = rows.filter(|row| row.labels == labels && row.optimizer == optimizer).collect();
    let value = Spread::of(here.iter().map(|row| row.value)).significant(DIGITS);
    // With several seeds, the largest residual is shown.
    let worst = |shown: &dyn Fn(&CurvatureRow) -> bool| {
        here.iter().filter(|row| shown(row)).map(|row| row.residual).max_by(f64::total_cmp)
    };
    if quantity == SpectralQuantity::Trace {
        return match worst(&|row| row.residual > 0.0) {
            Some(error) => format!("{value}, estimated (standard error {})", significant(error, 2)),
            None => value,
        };
    }
    match worst(&|row| !row.converged) {
        Some(residual) => format!("{value}, not converged (± {})", significant(residual, 2)),
        None => value,
    }
}

/// The largest eigenvalue of the Hessian in [`curvature_table`]; `None` if it was not measured.
pub(crate) fn largest_eigenvalue(rows: &[CurvatureRow], labels: &str, optimizer: &str) -> Option<String> {
    let found = || largest_eigenvalues(rows).filter(|row| row.labels == labels && row.optimizer == optimizer);
    found().next()?;
    Some(shown(found(), [labels, optimizer], SpectralQuantity::Largest))
}

/// The largest eigenvalues of the Hessian, one for each model.
pub(crate) fn largest_eigenvalues(rows: &[CurvatureRow]) -> impl Iterator<Item = &CurvatureRow> {
    cell(rows, CurvatureMatrix::Hessian, false, SpectralQuantity::Largest)
}

/// One row per model: the extreme eigenvalues and the trace, plain and in units of the filters.
pub fn curvature_table(rows: &[CurvatureRow]) -> Table {
    use CurvatureMatrix::{GaussNewton, Hessian};
    use SpectralQuantity::{Largest, Smallest, Trace};
    let mut table = Table::new(&[
        "optimizer",
        "labels",
        "λ₁ of G",
        "λ₁ of H",
        "smallest of H",
        "trace",
        "in filters: λ₁ of H",
        "in filters: trace",
    ]);
    for labels in names(rows.iter().map(|row| row.labels.as_str())) {
        for optimizer in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            if !rows.iter().any(|row| row.labels == labels && row.optimizer == optimizer) {
                continue;
            }
            let shown = |matrix, normalised, quantity| {
                shown(cell(rows, matrix, normalised, quantity), [labels, optimizer], quantity)
            };
            table.rows.push(vec![
                label(optimizer).to_owned(),
                labels.to_owned(),
                shown(GaussNewton, false, Largest),
                shown(Hessian, false, Largest),
                shown(Hessian, false, Smallest),
                shown(Hessian, false, Trace),
                shown(Hessian, true, Largest),
                shown(Hessian, true, Trace),
            ]);
        }
    }
    table
}

/// The section; `None` if no curvature was measured.
pub(super) fn section(input: &ReportInput<'_>) -> Option<Document> {
    let images = input.curvature.iter().map(|row| row.images).max()?;
    let SpectrumOptions { steps, probes, .. } = SpectrumOptions::default();
    let traces = traces(input.curvature);
    let words = format!(
        "Second derivatives of the mean loss on the first {images} training images, with the labels the model was trained on. `G` \
         is the generalized Gauss-Newton matrix, `H` the Hessian, `λ₁` the largest eigenvalue. {traces} In filters: `D H D`, with each weight in units of its \
         filter's norm and each bias in units of itself. These numbers do not change when one layer is scaled up and the next one \
         down; the plain numbers do. Eigenvalues are computed by Lanczos's method, with {steps} steps from each of {probes} random \
         starts (one start in filters). The largest eigenvalues are lower bounds, the smallest are upper bounds, and `residual` in \
         `curvature.csv` bounds the error of an eigenvalue. An eigenvalue whose residual exceeds 1 % of its value is marked as not \
         converged, with the residual."
    );
    let table = curvature_table(input.curvature);
    let document = Document::of_paragraph(words).table("Ends of the spectra and the trace of each model", table);
    Some(document.then(comparisons(input)).then(caveats(input, images)))
}

/// A sentence on the traces in the table, which are the Hessian's.
fn traces(rows: &[CurvatureRow]) -> &'static str {
    use CurvatureMatrix::{GaussNewton, Hessian};
    let of = |matrix| rows.iter().filter(move |row| row.quantity == SpectralQuantity::Trace && row.matrix == matrix);
    let same = |row: &CurvatureRow| {
        let model = |of: &CurvatureRow| (of.labels.clone(), of.optimizer.clone(), of.seed, of.normalised);
        of(GaussNewton).filter(|other| model(other) == model(row)).all(|other| other.value == row.value)
    };
    if of(Hessian).any(|row| row.residual > 0.0) {
        "Traces are the Hessian's. An estimated trace has its standard error beside it."
    } else if of(Hessian).all(same) {
        "Both matrices have the same trace, because they have the same diagonal in a network of rectifiers."
    } else {
        "Traces are the Hessian's."
    }
}

/// The value of a measure for the Hessian of the quoted seed's clean model.
fn value(input: &ReportInput<'_>, optimizer: &str, measure: Measure) -> Option<f64> {
    let seed = input.quoted_seed();
    cell(input.curvature, CurvatureMatrix::Hessian, measure.normalised, measure.quantity)
        .find(|row| row.labels == CLEAN && row.optimizer == optimizer && row.seed == seed)
        .map(|row| row.value)
}

/// One item comparing each Gauss-Newton with SGD and Adam, and a summary; empty if there is nothing to compare.
fn comparisons(input: &ReportInput<'_>) -> Document {
    let names = distinct(input.curvature.iter().map(|row| row.optimizer.as_str()));
    // The names of all Gauss-Newton optimizers begin with this name.
    let own: Vec<&str> = names.iter().copied().filter(|name| name.starts_with(MEAN)).collect();
    let rivals: Vec<&str> = names.iter().copied().filter(|name| [SGD, ADAM].contains(name)).collect();
    let mut lines = Vec::new();
    let mut seen = Vec::new();
    for optimizer in own {
        let parts: Vec<String> = MEASURES
            .into_iter()
            .filter_map(|measure| {
                let own = value(input, optimizer, measure)?;
                let others: Vec<_> = rivals
                    .iter()
                    .filter_map(|rival| value(input, rival, measure).map(|other| (*rival, other, compare(own, other))))
                    .collect();
                seen.extend(others.iter().map(|(rival, _, how)| (*rival, measure.normalised, *how)));
                (!others.is_empty())
                    .then(|| format!("{} {}, {}", measure.name, significant(own, DIGITS), beside(&others)))
            })
            .collect();
        if !parts.is_empty() {
            lines.push(format!("{}: {}.", label(optimizer), parts.join("; ")));
        }
    }
    if seen.is_empty() {
        return Document::default();
    }
    let rivals: Vec<&str> = rivals.into_iter().filter(|rival| seen.iter().any(|(name, ..)| name == rival)).collect();
    let question = format!("Is Gauss-Newton's minimum sharper (clean labels, seed {})?", input.quoted_seed());
    Document::of_paragraph(question).list(lines).paragraph(answer(&rivals, &seen))
}

/// "larger than SGD's 60.0 and Adam's 15.0", "larger than Adam's 15.0, smaller than SGD's 60.0".
fn beside(others: &[(&str, f64, Compared)]) -> String {
    let words = [(Compared::Larger, "larger than"), (Compared::Smaller, "smaller than"), (Compared::About, "about")];
    let parts = words.into_iter().filter_map(|(how, words)| {
        let so = others.iter().filter(|(_, _, found)| *found == how);
        let named: Vec<String> =
            so.map(|(rival, other, _)| format!("{}'s {}", label(rival), significant(*other, DIGITS))).collect();
        (!named.is_empty()).then(|| format!("{words} {}", listed(&named)))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// A sentence on how often the Gauss-Newton optimizers end at the sharper point.
fn answer(rivals: &[&str], seen: &[(&str, bool, Compared)]) -> String {
    let counted = |normalised: bool| {
        let against = |rival: &&str| {
            let own = || seen.iter().filter(|(name, units, _)| name == rival && *units == normalised);
            let larger = own().filter(|(_, _, how)| *how == Compared::Larger).count();
            format!("{larger} of {} against {}", own().count(), label(rival))
        };
        listed(&rivals.iter().map(against).collect::<Vec<_>>())
    };
    let count = |how| seen.iter().filter(|(_, _, found)| *found == how).count();
    let (larger, about) = (count(Compared::Larger), count(Compared::About));
    let verdict = if larger == seen.len() {
        "Gauss-Newton ends at the sharper point by every measure here."
    } else if larger == 0 {
        "Gauss-Newton does not end at the sharper point by any measure here."
    } else {
        "Whether Gauss-Newton ends at the sharper point depends on the measure."
    };
    let tie = if about == 0 {
        String::new()
    } else {
        format!(" In {about} of these comparisons, the two are within 5 % of each other.")
    };
    format!(
        "{verdict} In comparisons of plain numbers, it is sharper in {}; in units of the filters, in {}.{tie}",
        counted(false),
        counted(true)
    )
}

fn caveats(input: &ReportInput<'_>, images: u32) -> Document {
    let losses: Vec<String> = distinct(input.curvature.iter().map(|row| row.optimizer.as_str()))
        .into_iter()
        .filter_map(|name| Some(format!("{} {}", label(name), decimal(input.final_epoch(CLEAN, name)?.train_loss, 3))))
        .collect();
    let ended =
        if losses.is_empty() { String::new() } else { format!(" Train losses at the end: {}.", listed(&losses)) };
    let mut lines = vec![
        "A flat minimum can be made sharp by another choice of parameters for the same function (Dinh et al. 2017). Units of \
         the filters remove the scale shared between layers, but not the scale shared between units of a layer."
            .to_owned(),
        format!(
            "A model stopped early is not at a minimum. Cross-entropy itself flattens as a model becomes confident: its \
             curvature in the logits is `diag(p) − p pᵀ`, which vanishes. Sharpness is comparable only at comparable \
             losses.{ended}"
        ),
        format!("The curvature is measured on {images} training images, not on all of them."),
    ];
    if input.seeds.len() < 2 {
        lines.push("One seed: another seed may give another order.".to_owned());
    }
    Document::of_paragraph("Limitations:").list(lines)
}
