//! The robust accuracy of each clean model under FGSM and AutoAttack, in numbers and in a sentence.

use crate::input::ReportInput;
use crate::studies::{Sample, percent, quoted_epsilon, seeds};
use crate::words::counted;
use minima_rows::in_order;
use minima_rows::optimizers::{distinct, label};
use minima_rows::same;
use minima_rows::significant::Radius;
use minima_rows::{CLEAN, LateAttackRow};

/// Optimizers are not ranked by robustness if their test accuracies differ by more than this: five points.
///
/// An attack can change few images of a model that classifies few images correctly. Neither the success rate nor the robust
/// accuracy then measures robustness.
pub(super) const COMPARABLE: f64 = 0.05;

/// One seed's model under one attack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Attacked {
    pub seed: u64,
    /// The fraction of images that the model classifies correctly without an attack.
    pub correct: f64,
    /// The fraction of images that the model classifies correctly after the attack.
    pub robust: f64,
}

/// An optimizer's clean models under both attacks.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub optimizer: String,
    pub fgsm: Vec<Attacked>,
    /// Empty if AutoAttack was not run.
    pub autoattack: Vec<Attacked>,
}

/// FGSM and AutoAttack at one radius.
#[derive(Clone, Debug)]
pub(super) struct Attacks {
    pub epsilon: f64,
    /// The test images for FGSM, in words.
    pub fgsm_images: String,
    /// The test images for AutoAttack, in words.
    pub autoattack_images: String,
    pub outcomes: Vec<Outcome>,
}

/// FGSM and AutoAttack at one radius, over seeds: from the study of seeds if it has both, otherwise from this run.
pub(super) fn attacks(input: &ReportInput<'_>) -> Option<Attacks> {
    let late = input.studies.map_or(&[][..], |studies| &studies.late);
    let names = in_order(late.iter().filter(|row| row.labels == CLEAN).map(|row| row.attack.as_str()));
    if names.contains(&"fgsm") && names.contains(&"autoattack") { of_study(late) } else { of_run(input) }
}

fn of_study(late: &[LateAttackRow]) -> Option<Attacks> {
    let epsilon = quoted_epsilon(late.iter().map(|row| row.epsilon))?;
    let own = |row: &&LateAttackRow| row.labels == CLEAN && same(row.epsilon, epsilon);
    let outcome = |name: &str, attack: &str| {
        let rows = seeds::last_epochs(late).filter(own);
        let rows = rows.filter(|row| row.optimizer == name && row.attack == attack);
        rows.map(|row| {
            let images = f64::from(row.images.max(1));
            Attacked {
                seed: row.seed,
                correct: f64::from(row.correct) / images,
                robust: f64::from(row.robust) / images,
            }
        })
        .collect()
    };
    // A study runs an attack on all images that it measures, or on the first ones.
    let all = late.iter().map(|row| row.images).max();
    let images = |attack: &str| {
        let most = late.iter().filter(own).filter(|row| row.attack == attack).map(|row| row.images).max();
        test_images(most, all)
    };
    Some(Attacks {
        epsilon,
        fgsm_images: images("fgsm"),
        autoattack_images: images("autoattack"),
        outcomes: outcomes(late.iter().map(|row| row.optimizer.as_str()), outcome),
    })
}

fn of_run(input: &ReportInput<'_>) -> Option<Attacks> {
    let epsilon = quoted_epsilon(input.clean_fgsm.iter().map(|row| row.epsilon))?;
    let strong = || {
        let own = input.robustness.iter().filter(|row| row.labels == CLEAN && row.attack == "autoattack");
        own.filter(|row| same(row.epsilon, epsilon))
    };
    let outcome = |name: &str, attack: &str| -> Vec<Attacked> {
        if attack != "fgsm" {
            let own = strong().filter(|row| row.optimizer == name);
            return own
                .map(|row| {
                    let images = f64::from(row.images.max(1));
                    Attacked {
                        seed: row.seed,
                        correct: f64::from(row.correct) / images,
                        robust: f64::from(row.robust) / images,
                    }
                })
                .collect();
        }
        let own = input.clean_fgsm.iter().filter(|row| row.optimizer == name && same(row.epsilon, epsilon));
        own.filter_map(|row| {
            let (correct, robust) = input.shares_of_all(row)?;
            Some(Attacked { seed: row.seed, correct, robust })
        })
        .collect()
    };
    Some(Attacks {
        epsilon,
        fgsm_images: "all test images".to_owned(),
        autoattack_images: strong().map(|row| row.images).max().map_or_else(String::new, first_images),
        outcomes: outcomes(input.clean_fgsm.iter().map(|row| row.optimizer.as_str()), outcome),
    })
}

/// "all test images" if the attack was run on the most images of all attacks, otherwise their number.
fn test_images(most: Option<u32>, all: Option<u32>) -> String {
    match most {
        Some(most) if Some(most) < all || most < 10_000 => first_images(most),
        _ => "all test images".to_owned(),
    }
}

fn first_images(count: u32) -> String {
    format!("the first {count} test images")
}

fn outcomes<'a>(names: impl Iterator<Item = &'a str>, of: impl Fn(&str, &str) -> Vec<Attacked>) -> Vec<Outcome> {
    let one =
        |name: &str| Outcome { optimizer: name.to_owned(), fgsm: of(name, "fgsm"), autoattack: of(name, "autoattack") };
    distinct(names).into_iter().map(one).filter(|one| !one.fgsm.is_empty()).collect()
}

/// An optimizer's means over seeds.
struct Mean<'a> {
    optimizer: &'a str,
    correct: f64,
    robust: f64,
}

/// The means of all optimizers under one attack, from the lowest robust accuracy to the highest.
fn means(outcomes: &[Outcome], pick: fn(&Outcome) -> &Vec<Attacked>) -> Vec<Mean<'_>> {
    let mut found: Vec<Mean<'_>> = outcomes
        .iter()
        .filter_map(|one| {
            let mean = |value: fn(&Attacked) -> f64| Sample::of(pick(one).iter().map(value)).map(|found| found.mean);
            Some(Mean { optimizer: &one.optimizer, correct: mean(|one| one.correct)?, robust: mean(|one| one.robust)? })
        })
        .collect();
    found.sort_by(|a, b| a.robust.total_cmp(&b.robust));
    found
}

/// A sentence on robust accuracies under both attacks. If the optimizers' test accuracies are close enough to compare, it names
/// the optimizer with the highest robust accuracy.
pub(super) fn sentence(input: &ReportInput<'_>) -> Option<String> {
    let Attacks { epsilon, fgsm_images, autoattack_images, outcomes } = attacks(input)?;
    let (fgsm, strong) = (means(&outcomes, |one| &one.fgsm), means(&outcomes, |one| &one.autoattack));
    if fgsm.len() < 2 {
        return None;
    }
    let seeds = outcomes.iter().map(|one| one.fgsm.len()).max().unwrap_or(0);
    let over = if seeds > 1 { format!(" (means over {})", counted(seeds, "seed")) } else { String::new() };
    let mut text = format!(
        "**How robust.** Robust accuracy is the share of all images that a model still classifies correctly after an attack. \
         After FGSM at ε = {epsilon}, tried on {fgsm_images}, it lies between {}{over}.",
        between(&fgsm)?,
        epsilon = Radius(epsilon)
    );
    if strong.len() > 1 {
        text.push_str(&format!(
            " After AutoAttack at the same radius, tried on {autoattack_images}, it lies between {}.",
            between(&strong)?
        ));
    }
    text.push_str(&ranking(&fgsm, &strong)?);
    Some(text)
}

/// "23.4 % (SGD) and 46.5 % (Adam), 23.1 points apart".
fn between(means: &[Mean<'_>]) -> Option<String> {
    let (least, most) = (means.first()?, means.last()?);
    Some(format!(
        "{} ({}) and {} ({}), {:.1} points apart",
        percent(least.robust),
        label(least.optimizer),
        percent(most.robust),
        label(most.optimizer),
        points(most.robust) - points(least.robust)
    ))
}

/// Percent rounded to one decimal, as printed, so that a printed difference is the difference of the printed numbers.
fn points(share: f64) -> f64 {
    (1e3 * share).round() / 10.0
}

/// The lowest and the highest accuracy before an attack, if they are too far apart to rank optimizers by robustness.
fn far_apart<'m, 'a>(means: &'m [Mean<'a>]) -> Option<(&'m Mean<'a>, &'m Mean<'a>)> {
    let worst = means.iter().min_by(|a, b| a.correct.total_cmp(&b.correct))?;
    let best = means.iter().max_by(|a, b| a.correct.total_cmp(&b.correct))?;
    (best.correct - worst.correct > COMPARABLE).then_some((worst, best))
}

/// Which optimizer has the highest robust accuracy, under AutoAttack if it was run on several optimizers, else under FGSM.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Top {
    /// One optimizer.
    One { optimizer: String, robust: f64, attack: &'static str, epsilon: f64 },
    /// Several optimizers share it.
    Several,
    /// Their accuracies before an attack are too far apart.
    NotComparable,
}

/// The optimizer with the highest robust accuracy; `None` with fewer than two optimizers.
pub(super) fn top(input: &ReportInput<'_>) -> Option<Top> {
    let Attacks { epsilon, outcomes, .. } = attacks(input)?;
    let (fgsm, strong) = (means(&outcomes, |one| &one.fgsm), means(&outcomes, |one| &one.autoattack));
    if fgsm.len() < 2 {
        return None;
    }
    if far_apart(&fgsm).is_some() {
        return Some(Top::NotComparable);
    }
    let (attack, means) = if strong.len() > 1 { ("AutoAttack", strong) } else { ("FGSM", fgsm) };
    let highest = means.last()?;
    if means.iter().filter(|one| percent(one.robust) == percent(highest.robust)).count() > 1 {
        return Some(Top::Several);
    }
    Some(Top::One { optimizer: highest.optimizer.to_owned(), robust: highest.robust, attack, epsilon })
}

/// A sentence on the optimizer with the highest robust accuracy, if the optimizers are comparable.
fn ranking(fgsm: &[Mean<'_>], strong: &[Mean<'_>]) -> Option<String> {
    if let Some((worst, best)) = far_apart(fgsm) {
        return Some(format!(
            " Before an attack, accuracy lies between {} ({}) and {} ({}): more than {:.0} points apart, so the optimizers are \
             not ranked by robustness.",
            percent(worst.correct),
            label(worst.optimizer),
            percent(best.correct),
            label(best.optimizer),
            100.0 * COMPARABLE
        ));
    }
    // Values that are printed alike count as equal.
    let above = |means: &[Mean<'_>], value: f64| {
        means.iter().filter(|one| one.robust > value && percent(one.robust) != percent(value)).count()
    };
    let highest = fgsm.last()?;
    let alike = fgsm.iter().filter(|one| percent(one.robust) == percent(highest.robust)).count();
    if alike > 1 {
        return Some(format!(" Under FGSM {alike} optimizers share the highest robust accuracy."));
    }
    let name = label(highest.optimizer);
    let under_strong = strong.iter().find(|one| one.optimizer == highest.optimizer).filter(|_| strong.len() > 1);
    Some(match under_strong {
        None => format!(" {name} has the highest robust accuracy."),
        Some(own) => {
            let shares = strong.iter().filter(|one| percent(one.robust) == percent(own.robust)).count() > 1;
            match above(strong, own.robust) {
                0 if shares => format!(
                    " {name} has the highest robust accuracy under FGSM, and shares the highest under AutoAttack."
                ),
                0 => format!(" {name} has the highest robust accuracy under both attacks."),
                rank => format!(
                    " {name}, which has the highest robust accuracy under FGSM, is number {} of {} under AutoAttack ({}).",
                    rank + 1,
                    strong.len(),
                    percent(own.robust)
                ),
            }
        }
    })
}
