//! Sentences on what matches the paper and what does not, derived from the numbers.

use crate::agreement::{CountCheck, CurveCheck, check_counts, check_curve, count_tolerance};
use crate::gauss_newton::ROUNDING;
use crate::numbers;
use minima_report::words::{listed, share};
use minima_report::{Agreement, Finding, ReportInput};
use minima_rows::optimizers::{ADAM, MEAN, PUBLISHED, PUBLISHED_TF32, SGD, distinct, label, paper_counterpart};
use minima_rows::significant::decimal;
use minima_rows::{CLEAN, DistributionRow, Quantity, Scope, SharpnessRow};

/// Relative tolerance of medians. The paper reports no spread from which to derive one.
const MEDIAN_SHARE: f64 = 0.1;
/// Tolerance of the published Gauss-Newton's successes at the largest epsilon, equal to Adam's tolerance.
const PUBLISHED_TOLERANCE: u32 = 120;

/// A train loss is far from the lowest one if it is more than this many times as high.
const FAR: f64 = 2.0;

fn judged(matches: bool, text: String) -> Finding {
    Finding { agreement: if matches { Agreement::Matches } else { Agreement::Differs }, text }
}

fn unjudged(text: String) -> Finding {
    Finding { agreement: Agreement::Unjudged, text }
}

/// All findings on the run. Only a run of the paper's full configuration is judged. Returns no findings for other data sets than
/// the paper's.
pub(crate) fn findings(input: &ReportInput<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if input.beside().is_none() {
        return findings;
    }
    if input.is_reference_configuration {
        for optimizer in [SGD, ADAM, PUBLISHED] {
            findings.extend(check_curve(input.training, CLEAN, optimizer).map(|check| curve_finding(&check)));
        }
        for optimizer in [SGD, ADAM] {
            if let Some(tolerance) = count_tolerance(optimizer) {
                let checks = check_counts(input.clean_fgsm, optimizer, &tolerance);
                findings.extend(count_finding(optimizer, &checks));
            }
        }
        findings.extend(published_finding(input));
        findings.extend(sharpness_finding(input.sharpness));
        for quantity in [Quantity::InputGradientNorm, Quantity::LogitMargin] {
            findings.extend(distribution_finding(input.distributions, quantity));
        }
        findings.extend(poisoned_finding(input));
        findings.extend(loss_finding(input));
    } else {
        let known = if input.is_known_configuration { "This is not" } else { "This is not known to be" };
        findings.push(unjudged(format!(
            "{known} the paper's full configuration (60 000 images, 15 epochs, seed 42). The paper's numbers are \
             shown for orientation only, and agreement is not judged."
        )));
    }
    findings.extend(mean_finding(input));
    findings
}

fn curve_finding(check: &CurveCheck) -> Finding {
    let band = &check.band;
    let is = if check.passes() { "matches" } else { "does not match" };
    judged(
        check.passes(),
        format!(
            "{}, clean: the training curve {is} the paper's curve. Over {} of {} epochs, the largest differences are \
             {:.4} in train loss, {:.4} in train accuracy and {:.4} in test accuracy (allowed: {}, {} and {}).",
            label(&check.optimizer),
            check.epochs,
            numbers::EPOCHS,
            check.train_loss,
            check.train_accuracy,
            check.test_accuracy,
            band.train_loss,
            band.train_accuracy,
            band.test_accuracy
        ),
    )
}

fn count_finding(optimizer: &str, checks: &[CountCheck]) -> Option<Finding> {
    let describe = |check: &CountCheck| {
        format!("{} {} (paper {}, allowed ±{})", check.ours, check.what, check.theirs, check.tolerance)
    };
    let (within, outside): (Vec<_>, Vec<_>) = checks.iter().partition(|check| check.passes());
    let within: Vec<String> = within.into_iter().map(describe).collect();
    let outside: Vec<String> = outside.into_iter().map(describe).collect();
    let name = label(optimizer);
    let text = match (within.is_empty(), outside.is_empty()) {
        (true, true) => return None,
        (_, true) => format!("{name}, clean: all counts are within the tolerance: {}.", listed(&within)),
        (true, _) => format!("{name}, clean: no count is within the tolerance: {}.", listed(&outside)),
        _ => format!("{name}, clean: outside the tolerance: {}; within: {}.", listed(&outside), listed(&within)),
    };
    Some(judged(outside.is_empty(), text))
}

fn published_finding(input: &ReportInput<'_>) -> Option<Finding> {
    let row = input.clean_attack(PUBLISHED, 0.1);
    let (Some(row), Some(published)) = (row, numbers::fgsm(CLEAN, PUBLISHED, 0.1)) else {
        return None;
    };
    let matches = row.successes.abs_diff(published.successes) <= PUBLISHED_TOLERANCE;
    let curve = check_curve(input.training, CLEAN, PUBLISHED).map(|check| check.passes());
    let ours = share(row.successes, row.correct);
    let theirs = share(published.successes, published.correct);
    let opening = format!("{}, clean: FGSM at ε = 0.1 succeeds on {ours}", label(PUBLISHED));
    let text = match (matches, curve) {
        (true, _) => format!(
            "{opening}. The paper reports {theirs}; the difference is within the tolerance of ±{PUBLISHED_TOLERANCE}. Other \
             hardware can give another count. {ROUNDING}"
        ),
        (false, Some(true)) => format!(
            "{opening}. The paper reports {theirs}, although the training curve matches the paper's curve. This is a \
             finding about the optimizer: the same curve from the same seed leads to another count. {ROUNDING}{}",
            emulated_sentence(input, published.successes)
        ),
        (false, Some(false)) => format!(
            "{opening}. The paper reports {theirs}. The training curve does not match the paper's curve either, so rounding \
             may not be the only cause. {ROUNDING}"
        ),
        (false, None) => format!("{opening}. The paper reports {theirs}. {ROUNDING}"),
    };
    Some(judged(matches, text))
}

/// The result of the same run with the paper's arithmetic emulated, if it was run.
fn emulated_sentence(input: &ReportInput<'_>, published: u32) -> String {
    let Some(row) = input.clean_attack(PUBLISHED_TF32, 0.1) else { return String::new() };
    let is = if row.successes.abs_diff(published) <= PUBLISHED_TOLERANCE { "is" } else { "is not" };
    format!(
        " With emulated TF32, FGSM succeeds on {}, which {is} within the tolerance of the paper's count.",
        share(row.successes, row.correct)
    )
}

/// The largest relative difference from the paper, and a description of it.
fn furthest(pairs: impl Iterator<Item = (String, f64, f64)>) -> Option<(f64, String)> {
    pairs
        .map(|(what, ours, theirs)| {
            let off = ((ours - theirs) / theirs).abs();
            let off = if off.is_nan() { f64::INFINITY } else { off };
            (off, format!("{what}: {} here, {} in the paper", decimal(ours, 4), decimal(theirs, 4)))
        })
        .max_by(|left, right| left.0.total_cmp(&right.0))
}

fn median_finding(what: &str, furthest: Option<(f64, String)>) -> Option<Finding> {
    let (off, place) = furthest?;
    let matches = off <= MEDIAN_SHARE;
    let verb = if matches { "are within" } else { "are not all within" };
    Some(judged(
        matches,
        format!(
            "{what} {verb} {:.0} % of the paper's values (a tolerance chosen for this report). The largest relative difference is for \
             {place}.",
            100.0 * MEDIAN_SHARE
        ),
    ))
}

fn sharpness_finding(rows: &[SharpnessRow]) -> Option<Finding> {
    let mut pairs = Vec::new();
    for row in rows.iter().filter(|row| row.seed == numbers::SEED && row.scope == Scope::Batch) {
        if let (ADAM | PUBLISHED, Some(theirs)) = (row.optimizer.as_str(), numbers::sharpness(&row.optimizer, row.rho))
        {
            let what = format!("{} at ρ = {}", label(&row.optimizer), row.rho);
            pairs.push((what, row.median_loss_increase, theirs));
        }
    }
    median_finding("Table 3: the median loss increases", furthest(pairs.into_iter()))
}

fn distribution_finding(rows: &[DistributionRow], quantity: Quantity) -> Option<Finding> {
    let mut pairs = Vec::new();
    for row in rows.iter().filter(|row| row.seed == numbers::SEED && row.quantity == quantity) {
        if let Some(theirs) = numbers::distribution(&row.labels, &row.optimizer, quantity) {
            pairs.push((label(&row.optimizer).to_owned(), row.median, theirs.median));
        }
    }
    let what = match quantity {
        Quantity::InputGradientNorm => "Figure 2: the medians of the input-gradient norms",
        Quantity::LogitMargin => "Figure 3: the medians of the logit margins",
    };
    median_finding(what, furthest(pairs.into_iter()))
}

fn poisoned_finding(input: &ReportInput<'_>) -> Option<Finding> {
    let mut furthest: Option<(f64, String)> = None;
    for row in input.poisoned_fgsm.iter().filter(|row| row.seed == numbers::SEED) {
        let Some(counterpart) = paper_counterpart(&row.optimizer) else {
            continue;
        };
        if let Some(published) = numbers::fgsm(&row.labels, counterpart, row.epsilon) {
            let points = 100.0 * (row.success_rate - published.success_rate());
            if furthest.as_ref().is_none_or(|(most, _)| points.abs() > most.abs()) {
                furthest = Some((points, format!("{} at ε = {}", label(&row.optimizer), row.epsilon)));
            }
        }
    }
    furthest.map(|(points, place)| {
        unjudged(format!(
            "Table 2 can be compared in distribution only: the paper drew its poisoned labels with replacement from an \
             unseeded generator, and this run draws distinct labels from its seed. The largest difference in success \
             rate is {points:+.1} points ({place})."
        ))
    })
}

fn mean_finding(input: &ReportInput<'_>) -> Option<Finding> {
    let row = input.clean_attack(MEAN, 0.1)?;
    let last = input.final_epoch(CLEAN, MEAN)?;
    let others: Vec<String> = [ADAM, SGD, PUBLISHED]
        .into_iter()
        .filter_map(|name| {
            let other = input.clean_attack(name, 0.1)?;
            Some(format!("{} {:.1} %", label(name), 100.0 * other.success_rate))
        })
        .collect();
    let beside = if others.is_empty() { String::new() } else { format!(" For comparison: {}.", listed(&others)) };
    Some(unjudged(format!(
        "The paper reports no numbers for {}. Here it ends{} at a train loss of {} and a test accuracy of {:.2} %, and FGSM \
         at ε = 0.1 succeeds on {}.{beside}",
        label(MEAN),
        input.quoted(),
        decimal(last.train_loss, 4),
        100.0 * last.test_accuracy,
        share(row.successes, row.correct)
    )))
}

/// The optimizers whose final train loss is more than [`FAR`] times the lowest one.
fn loss_finding(input: &ReportInput<'_>) -> Option<Finding> {
    let names = distinct(input.training.iter().map(|row| row.optimizer.as_str()));
    let ends = names.into_iter().filter_map(|name| Some((name, input.final_epoch(CLEAN, name)?.train_loss)));
    let ends: Vec<(&str, f64)> = ends.filter(|(_, loss)| loss.is_finite() && *loss > 0.0).collect();
    let (lowest, least) = *ends.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let far: Vec<String> = ends
        .iter()
        .filter(|(_, loss)| *loss > FAR * least)
        .map(|(name, loss)| {
            format!("{} at {} ({} times as high)", label(name), decimal(*loss, 4), decimal(loss / least, 1))
        })
        .collect();
    (!far.is_empty()).then(|| {
        unjudged(format!(
            "{} has the lowest final train loss{}, {}. The train loss is more than {FAR:.0} times as high for {}. A model so far \
             from a minimum says little about the robustness of the minima that its optimizer finds.",
            label(lowest),
            input.quoted(),
            decimal(least, 4),
            listed(&far)
        ))
    })
}
