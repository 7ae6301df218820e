//! The report's answer in a few sentences: which minimum, and how robust.

use crate::attacked;
use crate::claim_verdict::verdict;
use crate::commentary::{Agreement, Finding};
use crate::document::Document;
use crate::input::ReportInput;
use crate::studies::{Sample, percent, quoted_epsilon};
use crate::summary::over;
use crate::words::counted;
use crate::words::listed;
use minima_rows::in_order;
use minima_rows::optimizers::{distinct, label};
use minima_rows::same;
use minima_rows::significant::{Radius, decimal};
use minima_rows::{Basis, CLEAN, Claim, ClaimVerdict, CurvatureMatrix, SpectralQuantity, TrainingRow};

/// The sentences at the top of every report. They are made once, so all reports have the same sentences.
pub(super) struct Answer {
    lines: Vec<String>,
}

impl Answer {
    pub(crate) fn of(input: &ReportInput<'_>, findings: &[Finding]) -> Self {
        let lines = [
            which_minimum(input),
            how_sharp(input),
            attacked::sentence(input),
            at_equal_loss(input),
            claimed(input),
            the_reference(input, findings),
        ];
        Self { lines: lines.into_iter().flatten().collect() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The sentences as a list.
    pub(crate) fn list(&self) -> Document {
        Document::of_list(self.lines.iter().cloned())
    }
}

/// An optimizer's name and value.
type Named<'a> = (&'a str, f64);

/// The optimizers with the smallest and the largest value; `None` if they are the same.
fn ends<'a>(values: &[Named<'a>]) -> Option<(Named<'a>, Named<'a>)> {
    let least = values.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let most = values.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (least.0 != most.0).then_some((*least, *most))
}

fn which_minimum(input: &ReportInput<'_>) -> Option<String> {
    let names = distinct(input.training.iter().map(|row| row.optimizer.as_str()));
    let last: Vec<(&str, Vec<&TrainingRow>)> =
        names.into_iter().map(|name| (name, input.final_epochs(CLEAN, name))).collect();
    let means = |value: fn(&TrainingRow) -> f64| -> Vec<(&str, f64)> {
        let mean = |rows: &[&TrainingRow]| Sample::of(rows.iter().map(|row| value(row)));
        last.iter().filter_map(|(name, rows)| Some((*name, mean(rows)?.mean))).collect()
    };
    let losses = means(|row| row.train_loss);
    let (least, most) = ends(&losses)?;
    let accuracies = means(|row| row.test_accuracy);
    let (worst, best) = ends(&accuracies)?;
    Some(format!(
        "**Which minimum.** From the same initial weights, {} ends at the lowest train loss, {}, and {} at the highest, {}. Test \
         accuracy lies between {} ({}) and {} ({}){}.",
        label(least.0),
        decimal(least.1, 4),
        label(most.0),
        decimal(most.1, 4),
        percent(worst.1),
        label(worst.0),
        percent(best.1),
        label(best.0),
        over(input, last.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.seed)))
    ))
}

fn how_sharp(input: &ReportInput<'_>) -> Option<String> {
    let rows = |normalised: bool| {
        input.curvature.iter().filter(move |row| {
            row.labels == CLEAN
                && (row.matrix, row.quantity, row.rank, row.normalised)
                    == (CurvatureMatrix::Hessian, SpectralQuantity::Largest, 1, normalised)
        })
    };
    let of = |normalised: bool| {
        let names = distinct(rows(normalised).map(|row| row.optimizer.as_str())).into_iter();
        let values = |name: &str| {
            let own: Vec<f64> = rows(normalised).filter(|row| row.optimizer == name).map(|row| row.value).collect();
            Sample::of(own)
        };
        let means: Vec<(&str, f64)> = names.filter_map(|name| Some((name, values(name)?.mean))).collect();
        ends(&means)
    };
    let (least, most) = of(false)?;
    let units = match of(true) {
        Some((flat, sharp)) if (flat.0, sharp.0) == (least.0, most.0) => {
            " In units of the filters, the same two are smallest and largest.".to_owned()
        }
        Some((flat, sharp)) => {
            format!(
                " In units of the filters, it is smallest for {} and largest for {}.",
                label(flat.0),
                label(sharp.0)
            )
        }
        None => String::new(),
    };
    Some(format!(
        "**How sharp.** The largest eigenvalue of the Hessian at the end of training is smallest for {} ({}) and largest for {} ({}){}.{units}",
        label(least.0),
        decimal(least.1, 1),
        label(most.0),
        decimal(most.1, 1),
        over(input, rows(false).map(|row| row.seed))
    ))
}

/// Differences in success rate between a final model and another optimizer's model of the same train loss.
fn at_equal_loss(input: &ReportInput<'_>) -> Option<String> {
    let rows = &input.studies?.matches;
    let epsilon = quoted_epsilon(rows.iter().map(|row| row.epsilon))?;
    let (mut parts, mut unmet) = (Vec::new(), Vec::new());
    for reference in distinct(rows.iter().map(|row| row.reference.as_str())) {
        let mut missing = Vec::new();
        for rival in distinct(rows.iter().map(|row| row.optimizer.as_str())) {
            let own = rows.iter().filter(|row| row.reference == reference && row.optimizer == rival);
            let own: Vec<_> = own.filter(|row| row.basis == Basis::TrainLoss && same(row.epsilon, epsilon)).collect();
            let gaps = own.iter().filter_map(|row| Some(100.0 * (row.reference_rate - row.rate?)));
            if let Some(gap) = Sample::of(gaps) {
                let points = format!("{:+.1}", gap.mean).replace('-', "\u{2212}");
                let seeds = format!("{} of {}", gap.count, counted(own.len(), "seed"));
                parts.push(format!("{points} points for {} against {} ({seeds})", label(reference), label(rival)));
            } else if !own.is_empty() {
                missing.push(label(rival).to_owned());
            }
        }
        if !missing.is_empty() {
            let verb = if missing.len() == 1 { "never reaches" } else { "never reach" };
            unmet.push(format!("{} {verb} the train loss of {}.", listed(&missing), label(reference)));
        }
    }
    let mut sentences = Vec::new();
    if !parts.is_empty() {
        sentences.push(format!(
            "Final models are compared with the other optimizer's model of the same train loss. FGSM's success rate at ε = \
             {epsilon} differs by {}.",
            listed(&parts), epsilon = Radius(epsilon)
        ));
    }
    sentences.append(&mut unmet);
    (!sentences.is_empty()).then(|| format!("**At equal train loss.** {}", sentences.join(" ")))
}

fn claimed(input: &ReportInput<'_>) -> Option<String> {
    let reference = input.beside()?;
    let rows = &input.studies?.claims;
    let judged = in_order(rows.iter().map(|row| (row.claim.as_str(), row.optimizer.as_str())));
    let made = |(letter, optimizer): &(&str, &str)| {
        Claim::find(reference.claims(), letter, optimizer).is_some_and(|claim| claim.in_paper)
    };
    let judged: Vec<_> = judged.into_iter().filter(made).collect();
    if judged.is_empty() {
        return None;
    }
    let count = |wanted: ClaimVerdict| {
        judged.iter().filter(|(letter, optimizer)| verdict(rows, letter, optimizer) == wanted).count()
    };
    Some(format!(
        "**The {}'s claims.** Of {}, each for one optimizer: holding {}, failing {}, without a difference that matters {}, undecided {}.",
        reference.noun(),
        counted(judged.len(), "claim"),
        count(ClaimVerdict::Holds),
        count(ClaimVerdict::Fails),
        count(ClaimVerdict::Negligible),
        count(ClaimVerdict::Undecided)
    ))
}

/// The agreement of the run with the reference's numbers.
fn the_reference(input: &ReportInput<'_>, findings: &[Finding]) -> Option<String> {
    if input.training.is_empty() && input.clean_fgsm.is_empty() {
        return None;
    }
    let reference = input.reference?;
    let noun = reference.noun();
    let count = |agreement| findings.iter().filter(|finding| finding.agreement == agreement).count();
    let (matching, differing) = (count(Agreement::Matches), count(Agreement::Differs));
    let said = match input.data_set.name() {
        None => format!("The data set of these results is not known, so nothing here is compared with the {noun}."),
        Some(name) if !reference.is_about(input.data_set) => {
            format!("The {noun} has no numbers for {name}, so nothing here is compared with it.")
        }
        Some(_) if matching + differing == 0 => format!("Nothing in this run is judged against the {noun}."),
        Some(_) => format!(
            "Of {} with the {noun}, {matching} match and {differing} do not.",
            counted(matching + differing, "comparison")
        ),
    };
    Some(format!("**The {noun}'s numbers.** {said}"))
}
