//! Checks for gradient masking: hidden gradients make a network look robust against gradient-based attacks.

use crate::epsilon::InPixelSteps;
use crate::loss::AttackLoss;
use crate::subject::Subject;
use crate::survivors::Survivors;
use crate::transfer::shown;
use crate::verdict::Verdict;
use crate::{
    Apgd, Attack, AttackError, Ball, DeepFool, Fgsm, Noise, NoiseKind, Norm, Outcome, Passes, Pgd, Square,
    with_restarts,
};
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;

/// One check for gradient masking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The condition.
    pub name: &'static str,
    /// Whether the condition holds.
    pub verdict: Verdict,
    /// The measured numbers.
    pub evidence: String,
}

/// All checks for gradient masking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskingReport {
    /// The checks, in order.
    pub checks: Vec<Check>,
}

impl MaskingReport {
    /// Whether no check fails. A check on too few images does not fail.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Fail)
    }
}

/// A gradient with a smaller L2 norm counts as zero.
const NO_GRADIENT: f64 = 1e-12;

/// Checks a network for gradient masking. Some images should be robust in the given ball (Athalye, Carlini & Wagner
/// 2018, "Obfuscated gradients give a false sense of security", section 3.1; Carlini et al. 2019, "On evaluating
/// adversarial robustness", section 5). White-box attacks maximize the cross-entropy, as in most evaluations.
///
/// # Errors
/// Returns the errors of [`Attack::run`].
pub fn gradient_masking<T: Scalar>(
    model: &dyn Classifier<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    ball: Ball,
) -> Result<MaskingReport, AttackError> {
    gradient_masking_among(model, &[], images, labels, ball)
}

/// Checks a network for gradient masking as [`gradient_masking`] does, and also with adversarial images of other
/// networks.
///
/// # Errors
/// Returns the errors of [`Attack::run`].
pub fn gradient_masking_among<T: Scalar>(
    model: &dyn Classifier<T>,
    others: &[&dyn Classifier<T>],
    images: ArrayView2<'_, T>,
    labels: &[usize],
    ball: Ball,
) -> Result<MaskingReport, AttackError> {
    let case = Case { model, images, labels, ball };
    let found = Found {
        single: case.run(&Fgsm::default())?,
        iterative: case.run(&Pgd::default())?,
        white_box: case.run(&Apgd::cross_entropy())?,
        // The gradient of this loss does not fade as logits grow. If it does better, the gradient of the cross-entropy
        // is masked.
        ratio: match model.classes() >= AttackLoss::Dlr.least_classes() {
            true => Some(case.run(&Apgd::dlr())?),
            false => None,
        },
        black_box: case.run(&Square::default())?,
    };
    let mut checks = vec![
        at_least(
            "an iterative attack is not weaker than a single step",
            ("PGD-40", &found.iterative),
            ("FGSM", &found.single),
        ),
        found.black_box(),
        case.transfer(others, &found.white_box)?,
        case.growth()?,
        case.saturation(&found.iterative)?,
        case.noise(&found)?,
        case.gradients()?,
        case.silence(&found)?,
    ];
    if found.single.correct() == 0 {
        for check in &mut checks {
            check.verdict = Verdict::NotRun;
            check.evidence = "no image is classified correctly".to_owned();
        }
    }
    Ok(MaskingReport { checks })
}

/// The results of several kinds of attacks in the ball.
struct Found<T> {
    single: Outcome<T>,
    iterative: Outcome<T>,
    white_box: Outcome<T>,
    /// `None` if the network has too few classes.
    ratio: Option<Outcome<T>>,
    black_box: Outcome<T>,
}

impl<T: Scalar> Found<T> {
    fn all(&self) -> Vec<(&'static str, &Outcome<T>)> {
        let gradients = [("FGSM", &self.single), ("PGD-40", &self.iterative), ("APGD-CE", &self.white_box)];
        let ratio = self.ratio.iter().map(|ratio| ("APGD-DLR", ratio));
        gradients.into_iter().chain(ratio).chain([("Square", &self.black_box)]).collect()
    }

    fn black_box(&self) -> Check {
        let name = "a white-box attack is not weaker than a black-box one";
        let mut check = at_least(name, ("APGD-CE", &self.white_box), ("Square", &self.black_box));
        if let Some(ratio) = &self.ratio {
            check.evidence += &format!("; APGD-DLR {}", ratio.successes());
        }
        check
    }
}

/// The input of the checks.
struct Case<'a, T> {
    model: &'a dyn Classifier<T>,
    images: ArrayView2<'a, T>,
    labels: &'a [usize],
    ball: Ball,
}

impl<T: Scalar> Case<'_, T> {
    fn run(&self, attack: &dyn Attack<T>) -> Result<Outcome<T>, AttackError> {
        self.run_in(attack, self.ball)
    }

    fn run_in(&self, attack: &dyn Attack<T>, ball: Ball) -> Result<Outcome<T>, AttackError> {
        attack.run(self.model, self.images, self.labels, ball)
    }

    /// Checks against the other network whose adversarial images succeed most often, among the images that both
    /// networks classify correctly.
    fn transfer(&self, others: &[&dyn Classifier<T>], white_box: &Outcome<T>) -> Result<Check, AttackError> {
        let name = "a white-box attack is not weaker than images made on another network";
        let subject = Subject::new(self.model, self.images, self.labels)?;
        let mut best: Option<(usize, Vec<(bool, bool)>)> = None;
        for other in others {
            let made = Pgd::default().run_for_transfer(*other, self.images, self.labels, self.ball)?;
            let shown = shown(&made, &subject)?;
            let both = white_box.success.iter().zip(shown).filter_map(|(&own, shown)| Some((own, shown?)));
            let both: Vec<(bool, bool)> = both.collect();
            let successes = both.iter().filter(|(_, shown)| *shown).count();
            if best.as_ref().is_none_or(|(most, _)| successes > *most) {
                best = Some((successes, both));
            }
        }
        let Some((successes, both)) = best else {
            return Ok(Check { name, verdict: Verdict::NotRun, evidence: "no other network was given".to_owned() });
        };
        let own = both.iter().filter(|(own, _)| *own).count();
        Ok(Check {
            name,
            evidence: format!(
                "successes among {} images that both classify correctly: APGD-CE {own}, the best of the others' PGD-40 \
                 images, all steps taken, {successes}",
                both.len()
            ),
            verdict: Verdict::not_weaker(both),
        })
    }

    fn growth(&self) -> Result<Check, AttackError> {
        let mut found = Vec::new();
        let (mut robust, mut correct) = (0, 0);
        for radius in growing(self.ball, self.images.ncols()) {
            let outcome = self.run_in(&Pgd::default(), Ball::new(self.ball.norm(), radius)?)?;
            (robust, correct) = (outcome.robust(), outcome.correct());
            found.push(format!("{} at {}", outcome.successes(), InPixelSteps(radius)));
        }
        Ok(Check {
            name: "success comes within 1 % of 100 % as the radius grows",
            verdict: Verdict::at_most_one_percent(robust, correct),
            evidence: format!("successes of PGD-40 among {correct} images: {}", found.join(", ")),
        })
    }

    fn saturation(&self, forty: &Outcome<T>) -> Result<Check, AttackError> {
        let random = Pgd { random_start: true, ..Pgd::default() };
        let longer = self.run(&Pgd { steps: 160, ..Pgd::default() })?;
        let (once, often) = (self.run(&random)?, self.run(&with_restarts(random, 5))?);
        let more = longer.successes().saturating_sub(forty.successes());
        let again = often.successes().saturating_sub(once.successes());
        let images = often.correct();
        Ok(Check {
            name: "more steps or restarts do not keep helping",
            verdict: Verdict::at_most_one_percent(more, images).max(Verdict::at_most_one_percent(again, images)),
            evidence: format!(
                "successes of PGD among {images} images: {} in 40 steps and {} in 160; {} from one random start and {} \
                 from five; expected at most 1 % of the images more",
                forty.successes(),
                longer.successes(),
                once.successes(),
                often.successes(),
            ),
        })
    }

    fn noise(&self, found: &Found<T>) -> Result<Check, AttackError> {
        let (uniform, signs) = (self.run(&Noise::new(NoiseKind::Uniform))?, self.run(&Noise::new(NoiseKind::Signs))?);
        let noise = if signs.successes() > uniform.successes() { &signs } else { &uniform };
        let gradients = if found.single.successes() > found.iterative.successes() {
            ("FGSM", &found.single)
        } else {
            ("PGD-40", &found.iterative)
        };
        Ok(at_least("random noise does not beat gradients", gradients, ("noise", noise)))
    }

    fn gradients(&self) -> Result<Check, AttackError> {
        let subject = Subject::new(self.model, self.images, self.labels)?;
        let right = Survivors::of(&subject);
        let slopes =
            right.slopes(subject.model, &right.images, &|_| AttackLoss::CrossEntropy, &mut Passes::default())?;
        let norms: Vec<f64> = slopes.gradients.outer_iter().map(|row| Norm::L2.of(&row.to_vec())).collect();
        let zero = norms.iter().filter(|&&norm| norm == 0.0).count();
        let tiny = norms.iter().filter(|&&norm| norm < NO_GRADIENT).count();
        Ok(Check {
            name: "images have a gradient",
            verdict: Verdict::at_most_one_percent(tiny, norms.len()),
            evidence: format!(
                "of {} images {zero} have an input gradient of exactly zero, {tiny} one of norm under 1e-12; expected \
                 at most 1 %",
                norms.len()
            ),
        })
    }

    /// Checks for an attack without any success although another attack succeeds. Also checks DeepFool, which is not
    /// limited to the radius, on the images on which another attack succeeds.
    fn silence(&self, found: &Found<T>) -> Result<Check, AttackError> {
        let all = found.all();
        let any: Vec<bool> = (0..self.labels.len())
            .map(|image| all.iter().any(|(_, outcome)| outcome.success.get(image) == Some(&true)))
            .collect();
        let reached = any.iter().filter(|&&any| any).count();
        let silent = all.iter().filter(|(_, outcome)| outcome.successes() == 0);
        let verdicts = silent.map(|(_, outcome)| Verdict::not_weaker(outcome.success.iter().copied().zip(any.clone())));
        let distances = DeepFool::default().minimal(self.model, self.images, self.labels, self.ball.norm())?.distances;
        let missed = any.iter().zip(distances).filter(|(any, distance)| **any && distance.is_infinite()).count();
        let counts: Vec<String> = all.iter().map(|(name, outcome)| format!("{name} {}", outcome.successes())).collect();
        Ok(Check {
            name: "no attack finds nothing where another one succeeds",
            verdict: verdicts.fold(Verdict::at_most_one_percent(missed, reached), Verdict::max),
            evidence: format!(
                "successes among {} images: {}; DeepFool, at any distance, finds nothing for {missed} of the {reached} \
                 images on which one of them succeeds; expected at most 1 %",
                found.single.correct(),
                counts.join(", ")
            ),
        })
    }
}

/// Distinct radii in increasing order, from the ball's own radius to one at which every image can become any other.
fn growing(ball: Ball, features: usize) -> Vec<f64> {
    let radius = ball.epsilon();
    let (larger, all) = match ball.norm() {
        Norm::Linf => ([0.3, 0.5], 1.0),
        Norm::L2 => ([2.0 * radius, 4.0 * radius], (features as f64).sqrt()),
    };
    let between = larger.into_iter().filter(|&larger| larger > radius && larger < all);
    let mut radii: Vec<f64> = [radius, all].into_iter().chain(between).collect();
    radii.sort_by(f64::total_cmp);
    radii.dedup();
    radii
}

/// Checks that one attack succeeds on at least as many images as another.
fn at_least<T>(name: &'static str, strong: (&str, &Outcome<T>), weak: (&str, &Outcome<T>)) -> Check {
    let images = strong.1.success.iter().copied().zip(weak.1.success.iter().copied());
    Check {
        name,
        verdict: Verdict::not_weaker(images),
        evidence: format!(
            "successes among {} images: {} {}, {} {}",
            strong.1.correct(),
            strong.0,
            strong.1.successes(),
            weak.0,
            weak.1.successes()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radii_grow_and_are_said_once() {
        assert_eq!(growing(Ball::linf(0.1).unwrap(), 64), [0.1, 0.3, 0.5, 1.0]);
        assert_eq!(growing(Ball::linf(0.3).unwrap(), 64), [0.3, 0.5, 1.0]);
        assert_eq!(growing(Ball::linf(1.0).unwrap(), 64), [1.0]);
        assert_eq!(growing(Ball::l2(0.0).unwrap(), 64), [0.0, 8.0]);
        assert_eq!(growing(Ball::l2(1.0).unwrap(), 64), [1.0, 2.0, 4.0, 8.0]);
        assert_eq!(growing(Ball::l2(8.0).unwrap(), 64), [8.0]);
        assert_eq!(growing(Ball::l2(100.0).unwrap(), 64), [8.0, 100.0]);
    }
}
