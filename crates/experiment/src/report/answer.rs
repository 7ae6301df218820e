//! Which minimum, and how robust: the answer in a few sentences.

use super::findings::{Finding, Verdict};
use super::studies::{Sample, percent, quoted_epsilon, seeds};
use super::summary::{counted, over};
use super::{ReportInput, listed};
use crate::claims::{claim, verdict};
use crate::optimizers::{distinct, label};
use crate::paper::{rate, same};
use crate::records::{Basis, CLEAN, ClaimVerdict, CurvatureMatrix, SpectralQuantity, TrainingRow};
use crate::tables::in_order;

/// The share of the correct images that an attack flips, of each seed's clean model.
pub(super) struct Flipped {
    pub optimizer: String,
    pub fgsm: Vec<(u64, f64)>,
    /// Empty where there was no such attack.
    pub autoattack: Vec<(u64, f64)>,
}

/// FGSM and AutoAttack at one radius.
pub(super) struct Attacks {
    pub epsilon: f64,
    /// The test images that FGSM is tried on, in words.
    pub fgsm_images: String,
    /// Those of AutoAttack.
    pub autoattack_images: String,
    pub rates: Vec<Flipped>,
}

/// MNIST's test images.
const TEST_IMAGES: u32 = 10_000;

/// "the first 500 test images"; a table of FGSM does not say how many there are, and has all.
fn test_images(counts: impl Iterator<Item = u32>) -> String {
    match counts.max() {
        Some(count) if count < TEST_IMAGES => format!("the first {count} test images"),
        _ => "all test images".to_owned(),
    }
}

/// FGSM and AutoAttack at one radius, over seeds: of the study of seeds where it has both, else of this run.
pub(super) fn flipped(input: &ReportInput<'_>) -> Option<Attacks> {
    let late = input.studies.map_or(&[][..], |studies| &studies.late);
    let attacks = in_order(late.iter().filter(|row| row.dataset == CLEAN).map(|row| row.attack.as_str()));
    if attacks.contains(&"fgsm") && attacks.contains(&"autoattack") {
        let epsilon = quoted_epsilon(late.iter().map(|row| row.epsilon))?;
        let rates = |name: &str, attack: &str| {
            let own = |row: &&_| {
                let row: &crate::records::LateAttackRow = row;
                row.dataset == CLEAN && row.optimizer == name && row.attack == attack && same(row.epsilon, epsilon)
            };
            seeds::last_epochs(late).filter(own).map(|row| (row.seed, seeds::flipped(row))).collect()
        };
        let images = |attack: &str| {
            let own = late.iter().filter(|row| row.dataset == CLEAN && row.attack == attack);
            test_images(own.filter(|row| same(row.epsilon, epsilon)).map(|row| row.images))
        };
        return Some(Attacks {
            epsilon,
            fgsm_images: images("fgsm"),
            autoattack_images: images("autoattack"),
            rates: all(late.iter().map(|row| row.optimizer.as_str()), rates),
        });
    }
    let epsilon = quoted_epsilon(input.table1.iter().map(|row| row.epsilon))?;
    let rates = |name: &str, attack: &str| -> Vec<(u64, f64)> {
        if attack == "fgsm" {
            let own = input.table1.iter().filter(|row| row.optimizer == name && same(row.epsilon, epsilon));
            return own.map(|row| (row.seed, row.success_rate)).collect();
        }
        let own = input.robustness.iter().filter(|row| row.dataset == CLEAN && row.optimizer == name);
        let own = own.filter(|row| row.attack == attack && same(row.epsilon, epsilon));
        own.map(|row| (row.seed, rate(row.successes, row.correct))).collect()
    };
    let strong = input.robustness.iter().filter(|row| row.dataset == CLEAN && row.attack == "autoattack");
    Some(Attacks {
        epsilon,
        fgsm_images: test_images(std::iter::empty()),
        autoattack_images: test_images(strong.filter(|row| same(row.epsilon, epsilon)).map(|row| row.images)),
        rates: all(input.table1.iter().map(|row| row.optimizer.as_str()), rates),
    })
}

fn all<'a>(names: impl Iterator<Item = &'a str>, rates: impl Fn(&str, &str) -> Vec<(u64, f64)>) -> Vec<Flipped> {
    let of = |name: &str| Flipped {
        optimizer: name.to_owned(),
        fgsm: rates(name, "fgsm"),
        autoattack: rates(name, "autoattack"),
    };
    distinct(names).into_iter().map(of).filter(|one| !one.fgsm.is_empty()).collect()
}

/// The answer, a line a part of it.
pub(super) fn sentences(input: &ReportInput<'_>, findings: &[Finding]) -> String {
    [which_minimum(input), how_sharp(input), how_robust(input), at_equal_loss(input), claimed(input), judged(findings)]
        .into_iter()
        .flatten()
        .map(|line| format!("- {line}\n"))
        .collect()
}

/// An optimizer and its value.
type Named<'a> = (&'a str, f64);

/// The least and the most of some optimizers' values.
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
        "**Which minimum.** From the same initial weights {} ends at the lowest train loss, {:.4}, and {} at the highest, {:.4}. Test \
         accuracy lies between {} ({}) and {} ({}){}.",
        label(least.0),
        least.1,
        label(most.0),
        most.1,
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
            row.dataset == CLEAN
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
            " Measured in units of the filters the same two are at the ends.".to_owned()
        }
        Some((flat, sharp)) => {
            format!(" In units of the filters it is smallest for {} and largest for {}.", label(flat.0), label(sharp.0))
        }
        None => String::new(),
    };
    Some(format!(
        "**How sharp.** The Hessian's largest eigenvalue there is smallest for {} ({:.1}) and largest for {} ({:.1}){}.{units}",
        label(least.0),
        least.1,
        label(most.0),
        most.1,
        over(input, rows(false).map(|row| row.seed))
    ))
}

/// Whether FGSM's order survives a strong attack.
fn how_robust(input: &ReportInput<'_>) -> Option<String> {
    let Attacks { epsilon, fgsm_images, autoattack_images, rates } = flipped(input)?;
    let mean = |values: &[(u64, f64)]| Sample::of(values.iter().map(|value| value.1)).map(|sample| sample.mean);
    let of = |pick: fn(&Flipped) -> &Vec<(u64, f64)>| -> Vec<(&str, f64)> {
        rates.iter().filter_map(|one| Some((one.optimizer.as_str(), mean(pick(one))?))).collect()
    };
    let (fgsm, strong) = (of(|one| &one.fgsm), of(|one| &one.autoattack));
    let (least, most) = ends(&fgsm)?;
    let seeds = rates.iter().map(|one| one.fgsm.len()).max().unwrap_or(0);
    let over = if seeds > 1 { format!(" (means over {})", counted(seeds, "seed")) } else { String::new() };
    let mut line = format!(
        "**How robust.** FGSM at ε = {epsilon} on {fgsm_images} flips {} of what {} classifies correctly and {} for {}{over}: {:.1} points apart.",
        percent(least.1),
        label(least.0),
        percent(most.1),
        label(most.0),
        100.0 * (most.1 - least.1)
    );
    if let Some((low, high)) = ends(&strong) {
        line.push_str(&format!(
            " AutoAttack at the same radius, tried on {autoattack_images}, flips {} to {} ({} and {}): {:.1} points apart.",
            percent(low.1),
            percent(high.1),
            label(low.0),
            label(high.0),
            100.0 * (high.1 - low.1)
        ));
        let rank = strong.iter().filter(|one| one.1 < value_of(&strong, least.0).unwrap_or(f64::NAN)).count();
        line.push_str(&match (rank, value_of(&strong, least.0)) {
            (0, Some(_)) => format!(" {} stands best against both.", label(least.0)),
            (rank, Some(value)) => format!(
                " {}, which stands best against FGSM, is then number {} of {} ({}).",
                label(least.0),
                rank + 1,
                strong.len(),
                percent(value)
            ),
            (_, None) => String::new(),
        });
    }
    Some(line)
}

fn value_of(values: &[(&str, f64)], name: &str) -> Option<f64> {
    values.iter().find(|value| value.0 == name).map(|value| value.1)
}

/// How much of a gap at the end points is left between equals.
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
            "Compared with the other optimizer's model of the same train loss instead of its last one, FGSM's rate at ε = \
             {epsilon} differs by {}.",
            listed(&parts)
        ));
    }
    sentences.append(&mut unmet);
    (!sentences.is_empty()).then(|| format!("**Between equals.** {}", sentences.join(" ")))
}

fn claimed(input: &ReportInput<'_>) -> Option<String> {
    let rows = &input.studies?.claims;
    let judged = in_order(rows.iter().map(|row| (row.claim.as_str(), row.optimizer.as_str())));
    let made = |(letter, optimizer): &(&str, &str)| claim(letter, optimizer).is_some_and(|claim| claim.in_paper);
    let judged: Vec<_> = judged.into_iter().filter(made).collect();
    if judged.is_empty() {
        return None;
    }
    let count = |wanted: ClaimVerdict| {
        judged.iter().filter(|(letter, optimizer)| verdict(rows, letter, optimizer) == wanted).count()
    };
    Some(format!(
        "**The paper's claims.** Of {}, each for one optimizer: holding {}, failing {}, undecided {}.",
        counted(judged.len(), "claim"),
        count(ClaimVerdict::Holds),
        count(ClaimVerdict::Fails),
        count(ClaimVerdict::Undecided)
    ))
}

fn judged(findings: &[Finding]) -> Option<String> {
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (matching, differing) = (count(Verdict::Matches), count(Verdict::Differs));
    (matching + differing > 0).then(|| {
        format!(
            "**The paper's numbers.** Of {} with the paper, {matching} match and {differing} do not.",
            counted(matching + differing, "comparison")
        )
    })
}
