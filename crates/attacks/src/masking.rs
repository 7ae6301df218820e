//! Whether a network hides its gradients, so that attacks which follow them make it look robust.

use crate::loss::Loss;
use crate::subject::Subject;
use crate::survivors::Survivors;
use crate::{
    Apgd, Attack, AttackError, Ball, Fgsm, Noise, NoiseKind, Norm, Outcome, Passes, Pgd, Square, Transfer,
    with_restarts,
};
use minima_autodiff::{Classifier, Scalar};
use ndarray::ArrayView2;
use std::fmt;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing of masked gradients.
    Pass,
    /// As with masked gradients.
    Fail,
    /// There was nothing to check it on.
    NotRun,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotRun => "not run",
        })
    }
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What should hold.
    pub name: &'static str,
    /// Whether it does.
    pub verdict: Verdict,
    /// The numbers that say so.
    pub evidence: String,
}

/// All checks for masked gradients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskingReport {
    /// One after the other.
    pub checks: Vec<Check>,
}

impl MaskingReport {
    /// Whether no check fails.
    #[must_use]
    pub fn passes(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Fail)
    }
}

/// More steps or restarts may turn this share of the images more before they count as still helping.
const STILL_HELPING: f64 = 0.01;
/// This share of the images may have no gradient to speak of.
const WITHOUT_GRADIENT: f64 = 0.01;
/// A gradient of a smaller L2 norm is none.
const NO_GRADIENT: f64 = 1e-12;

/// Checks a network for masked gradients, in a ball of a size at which some images stand (Athalye, Carlini & Wagner
/// 2018, "Obfuscated gradients give a false sense of security", section 3.1; Carlini et al. 2019, "On evaluating
/// adversarial robustness", section 5). White-box attacks follow the cross-entropy, as most evaluations do.
///
/// # Errors
/// As [`Attack::run`].
pub fn gradient_masking<T: Scalar>(
    model: &dyn Classifier<T>,
    images: ArrayView2<'_, T>,
    labels: &[usize],
    ball: Ball,
) -> Result<MaskingReport, AttackError> {
    gradient_masking_among(model, &[], images, labels, ball)
}

/// As [`gradient_masking`], with other networks whose adversarial images are shown to this one.
///
/// # Errors
/// As [`Attack::run`].
pub fn gradient_masking_among<T: Scalar>(
    model: &dyn Classifier<T>,
    others: &[&dyn Classifier<T>],
    images: ArrayView2<'_, T>,
    labels: &[usize],
    ball: Ball,
) -> Result<MaskingReport, AttackError> {
    let case = Case { model, images, labels, ball };
    let single = case.run(&Fgsm::default())?;
    let iterative = case.run(&Pgd::default())?;
    let white_box = case.run(&Apgd::cross_entropy())?;
    let mut checks = vec![
        at_least(
            "an iterative attack is not weaker than a single step",
            ("PGD-40", iterative.successes()),
            ("FGSM", single.successes()),
        ),
        case.black_box(white_box.successes())?,
        case.transfer(others, white_box.successes())?,
        case.growth()?,
        case.saturation(iterative.successes())?,
        case.noise(single.successes().max(iterative.successes()))?,
        case.gradients()?,
    ];
    if single.correct() == 0 {
        for check in &mut checks {
            check.verdict = Verdict::NotRun;
            check.evidence = "no image is classified correctly".to_owned();
        }
    }
    Ok(MaskingReport { checks })
}

/// What the checks are made on.
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

    fn black_box(&self, white_box: usize) -> Result<Check, AttackError> {
        let name = "a white-box attack is not weaker than a black-box one";
        let square = self.run(&Square::default())?.successes();
        let mut check = at_least(name, ("APGD-CE", white_box), ("Square", square));
        // Its gradient does not fade as logits grow: where it does better, it is the cross-entropy's that is masked.
        if self.model.classes() >= Loss::Dlr.least_classes() {
            check.evidence += &format!(", APGD-DLR {}", self.run(&Apgd::dlr())?.successes());
        }
        Ok(check)
    }

    fn transfer(&self, others: &[&dyn Classifier<T>], white_box: usize) -> Result<Check, AttackError> {
        let name = "a white-box attack is not weaker than images made on another network";
        let mut most = None;
        for other in others {
            let made = Pgd::default().run(*other, self.images, self.labels, self.ball)?;
            let shown = Transfer::of(&made, self.model, self.images, self.labels)?.successes;
            most = most.max(Some(shown));
        }
        Ok(match most {
            Some(most) => at_least(name, ("APGD-CE", white_box), ("the best of the others' PGD-40 images", most)),
            None => Check { name, verdict: Verdict::NotRun, evidence: "no other network was given".to_owned() },
        })
    }

    fn growth(&self) -> Result<Check, AttackError> {
        let radius = self.ball.epsilon();
        // At the largest radius every picture can become every other one.
        let (larger, all) = match self.ball.norm() {
            Norm::Linf => (vec![0.3, 0.5], 1.0),
            Norm::L2 => (vec![2.0 * radius, 4.0 * radius], (self.images.ncols() as f64).sqrt()),
        };
        let radii = [radius].into_iter().chain(larger.into_iter().filter(|&r| r > radius && r < all)).chain([all]);
        let (mut found, mut reached) = (Vec::new(), false);
        for radius in radii {
            let outcome = self.run_in(&Pgd::default(), Ball::new(self.ball.norm(), radius)?)?;
            reached = outcome.robust() == 0;
            found.push(format!("{} of {} at {radius}", outcome.successes(), outcome.correct()));
        }
        Ok(Check {
            name: "success reaches 100 % as the radius grows",
            verdict: verdict(reached),
            evidence: format!("PGD-40 turns {}", found.join(", ")),
        })
    }

    fn saturation(&self, forty: usize) -> Result<Check, AttackError> {
        let random = Pgd { random_start: true, ..Pgd::default() };
        let longer = self.run(&Pgd { steps: 160, ..Pgd::default() })?;
        let (once, often) = (self.run(&random)?, self.run(&with_restarts(random, 5))?);
        let more = longer.successes().saturating_sub(forty);
        let again = often.successes().saturating_sub(once.successes());
        let allowed = STILL_HELPING * often.correct() as f64;
        Ok(Check {
            name: "more steps or restarts do not keep helping",
            verdict: verdict(more as f64 <= allowed && again as f64 <= allowed),
            evidence: format!(
                "PGD turns {forty} in 40 steps and {} in 160; {} from one random start and {} from five; expected at \
                 most 1 % of {} images more",
                longer.successes(),
                once.successes(),
                often.successes(),
                often.correct()
            ),
        })
    }

    fn noise(&self, gradients: usize) -> Result<Check, AttackError> {
        let mut most = 0;
        for kind in [NoiseKind::Uniform, NoiseKind::Signs] {
            most = most.max(self.run(&Noise::new(kind))?.successes());
        }
        Ok(at_least("random noise does not beat gradients", ("FGSM or PGD-40", gradients), ("noise", most)))
    }

    fn gradients(&self) -> Result<Check, AttackError> {
        let subject = Subject::new(self.model, self.images, self.labels)?;
        let right = Survivors::of(&subject);
        let slopes = right.slopes(subject.model, &right.images, &|_| Loss::CrossEntropy, &mut Passes::default())?;
        let norms: Vec<f64> = slopes.gradients.outer_iter().map(|row| Norm::L2.of(&row.to_vec())).collect();
        let zero = norms.iter().filter(|&&norm| norm == 0.0).count();
        let tiny = norms.iter().filter(|&&norm| norm < NO_GRADIENT).count();
        Ok(Check {
            name: "images have a gradient",
            verdict: verdict(tiny as f64 <= WITHOUT_GRADIENT * norms.len() as f64),
            evidence: format!(
                "of {} images {zero} have an input gradient of exactly zero, {tiny} one of norm under 1e-12; expected \
                 at most 1 %",
                norms.len()
            ),
        })
    }
}

fn verdict(holds: bool) -> Verdict {
    if holds { Verdict::Pass } else { Verdict::Fail }
}

/// That one attack turns at least as many images as another.
fn at_least(name: &'static str, strong: (&str, usize), weak: (&str, usize)) -> Check {
    Check {
        name,
        verdict: verdict(strong.1 >= weak.1),
        evidence: format!("{} turns {}, {} {}", strong.0, strong.1, weak.0, weak.1),
    }
}
