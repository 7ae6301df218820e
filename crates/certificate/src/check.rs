//! The checker: every number of a certificate is only a hint, from which a bound is computed anew.

use crate::CertificateError;
use crate::backward::{Assumption, Pass};
use crate::ball::Ball;
use crate::box_certificate::BoxCertificate;
use crate::certificate::{Certificate, Inequality, Part, Property, Target, sha256};
use crate::interval::Interval;
use crate::network::Network;
use crate::open_relus::OpenRelus;
use crate::ranges::Ranges;
use crate::tournament::Contenders;
use crate::tree::leaves;
use minima_autodiff::Graph;
use rayon::prelude::*;

/// A network that certificates are checked against.
#[derive(Clone, Debug)]
pub struct Checker {
    network: Network,
    weights: String,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Checked {
    /// The least bound of all leaves: a number below `Σ coefficients · output − bound` of the inequalities that were excluded, above
    /// 0.
    pub bound: f64,
    /// The number of parts.
    pub parts: usize,
    /// The number of leaves of all trees.
    pub leaves: usize,
}

/// Parts within parts. Each level keeps ranges of all values.
const DEEPEST: usize = 64;

impl Checker {
    /// Reads a network with its parameters.
    ///
    /// # Errors
    /// Returns [`CertificateError::Operation`] if the checker does not know an operation, [`CertificateError::Parameter`] if a number is NaN or
    /// infinite, and [`CertificateError::Length`] if the number of parameters is not the network's.
    pub fn new(graph: &Graph, params: &[f32]) -> Result<Self, CertificateError> {
        Ok(Self { network: Network::new(graph, params)?, weights: sha256(params) })
    }

    /// Checks a certificate of an image.
    ///
    /// # Errors
    /// Returns [`CertificateError::Identity`] if the certificate names other weights or another image, [`CertificateError::Field`] if a field does
    /// not fit the network, [`CertificateError::Missing`] if the proof leaves a target open, [`CertificateError::Bound`] if a leaf is not excluded,
    /// [`CertificateError::Overflow`] if the network may overflow, and [`CertificateError::Length`], [`CertificateError::Pixel`] or
    /// [`CertificateError::Radius`] if there is no such ball.
    pub fn check(&self, certificate: &Certificate, image: &[f32]) -> Result<Checked, CertificateError> {
        identify("weights", self.weights.clone(), &certificate.weights)?;
        identify("image", sha256(image), &certificate.image)?;
        let expected = self.network.widths[0];
        if image.len() != expected {
            return Err(CertificateError::Length { what: "pixels", found: image.len(), expected });
        }
        let ball = Ball::new(image, certificate.norm, certificate.radius)?;
        let targets = targets(&certificate.property, self.outputs())?;
        self.walk(&ball, &targets, &certificate.maxima, &certificate.parts)
    }

    /// Checks a certificate of a box.
    ///
    /// # Errors
    /// Returns the errors of [`check`](Self::check). [`CertificateError::Field`] says too that the ends are no box.
    pub fn check_box(&self, certificate: &BoxCertificate) -> Result<Checked, CertificateError> {
        identify("weights", self.weights.clone(), &certificate.weights)?;
        let (found, expected) = (certificate.lower.len(), self.network.widths[0]);
        if found != expected {
            return Err(CertificateError::Length { what: "lower ends", found, expected });
        }
        let ball = Ball::of_box(&certificate.lower, &certificate.upper)?;
        check_inequalities(&certificate.targets, self.outputs())?;
        self.walk(&ball, &certificate.targets, &certificate.maxima, &certificate.parts)
    }

    fn outputs(&self) -> usize {
        self.network.widths[self.network.output()]
    }

    /// Checks that no target is met in the ball.
    fn walk(
        &self,
        ball: &Ball,
        targets: &[Vec<Inequality>],
        maxima: &Contenders,
        parts: &[Part],
    ) -> Result<Checked, CertificateError> {
        let mut ranges = Ranges::new(&self.network, ball);
        if maxima.is_empty() {
            return Walk::over(&self.network, ball, &ranges, targets, parts);
        }
        ranges.narrow(&self.network, ball, &[])?;
        let (network, ranges) = self.network.with_tournaments(maxima, ball, &ranges)?;
        Walk::over(&network, ball, &ranges, targets, parts)
    }
}

/// Fails if a certificate names something else.
fn identify(what: &'static str, found: String, expected: &str) -> Result<(), CertificateError> {
    if found == expected {
        return Ok(());
    }
    Err(CertificateError::Identity { what, found, expected: expected.to_owned() })
}

/// Fails unless every inequality has one finite coefficient for each output.
fn check_inequalities(targets: &[Vec<Inequality>], outputs: usize) -> Result<(), CertificateError> {
    for inequality in targets.iter().flatten() {
        let found = inequality.coefficients.len();
        if found != outputs {
            return Err(CertificateError::Length { what: "coefficients of an inequality", found, expected: outputs });
        }
        if let Some(x) = inequality.coefficients.iter().chain([&inequality.bound]).find(|x| !x.is_finite()) {
            return Err(CertificateError::field("inequality", x, "finite numbers"));
        }
    }
    Ok(())
}

/// The coefficients of the outputs and the constant of what is at least the bound of a target: of one of its inequalities, or of
/// their sum with multipliers.
fn row(target: &Target, inequalities: &[Inequality], place: &str) -> Result<(Vec<Interval>, f64), CertificateError> {
    if target.weights.is_empty() {
        let found = || format!("inequality {}", target.inequality);
        let inequality = inequalities
            .get(target.inequality as usize)
            .ok_or_else(|| CertificateError::field(place, found(), format!("one of {}", inequalities.len())))?;
        return Ok((inequality.coefficients.iter().copied().map(Interval::point).collect(), -inequality.bound));
    }
    let (found, expected) = (target.weights.len(), inequalities.len());
    if found != expected {
        return Err(CertificateError::field(place, format!("{found} weights"), format!("{expected} inequalities")));
    }
    if let Some(x) = target.weights.iter().find(|x| !(x.is_finite() && **x >= 0.0)) {
        return Err(CertificateError::field(place, format!("the weight {x}"), "a number of at least 0"));
    }
    let outputs = inequalities.first().map_or(0, |inequality| inequality.coefficients.len());
    let mut sums = vec![Interval::ZERO; outputs];
    let mut constant = Interval::ZERO;
    for (&weight, inequality) in target.weights.iter().zip(inequalities) {
        for (sum, &a) in sums.iter_mut().zip(&inequality.coefficients) {
            *sum = sum.plus(Interval::point(a).times(weight));
        }
        constant = constant.plus(Interval::point(-inequality.bound).times(weight));
    }
    Ok((sums, constant.low))
}

/// The inequalities of each target.
fn targets(property: &Property, outputs: usize) -> Result<Vec<Vec<Inequality>>, CertificateError> {
    match property {
        &Property::Label(label) => {
            let label = label as usize;
            if label >= outputs || outputs < 2 {
                return Err(CertificateError::field("label", label, format!("a class of {outputs}")));
            }
            let target = |class: usize| {
                let mut coefficients = vec![0.0; outputs];
                (coefficients[label], coefficients[class]) = (1.0, -1.0);
                vec![Inequality { coefficients, bound: 0.0 }]
            };
            Ok((0..outputs).filter(|&class| class != label).map(target).collect())
        }
        Property::Unsafe(targets) => {
            check_inequalities(targets, outputs)?;
            Ok(targets.clone())
        }
    }
}

/// A walk over the parts of a certificate.
struct Walk<'a> {
    network: &'a Network,
    ball: &'a Ball,
    targets: &'a [Vec<Inequality>],
    parts: &'a [Part],
    /// The index of the next part.
    next: usize,
    checked: Checked,
}

impl<'a> Walk<'a> {
    /// Walks over all parts of a ball where the values have these ranges.
    fn over(
        network: &'a Network,
        ball: &'a Ball,
        ranges: &Ranges,
        targets: &'a [Vec<Inequality>],
        parts: &'a [Part],
    ) -> Result<Checked, CertificateError> {
        let checked = Checked { bound: f64::INFINITY, parts: parts.len(), leaves: 0 };
        let mut walk = Self { network, ball, targets, parts, next: 0, checked };
        walk.part(ranges, &mut Vec::new(), vec![true; targets.len()])?;
        if walk.next != parts.len() {
            let (found, expected) = (parts.len(), format!("{}, as the splits say", walk.next));
            return Err(CertificateError::field("parts", found, expected));
        }
        Ok(walk.checked)
    }

    /// Checks the next part and all parts of it: every open target must be excluded where the assumptions hold. The ranges
    /// hold there too.
    fn part(
        &mut self,
        ranges: &Ranges,
        assumptions: &mut Vec<Assumption>,
        mut open: Vec<bool>,
    ) -> Result<(), CertificateError> {
        let index = self.next;
        self.next += 1;
        let Some(part) = self.parts.get(index) else {
            return Err(CertificateError::field("parts", self.parts.len(), "both parts of every split"));
        };
        let relus = OpenRelus::new(part, self.network, &format!("part {index}"))?;
        let mut ranges = ranges.clone();
        ranges.narrow(self.network, self.ball, assumptions)?;
        for target in &part.targets {
            let place = || format!("part {index}, target {}", target.target);
            let inequalities = self.targets.get(target.target as usize);
            let inequalities = inequalities.ok_or_else(|| {
                let found = format!("target {}", target.target);
                CertificateError::field(place(), found, format!("one of {} targets", self.targets.len()))
            })?;
            let (coefficients, constant) = row(target, inequalities, &place())?;
            let pass = Pass { network: self.network, ball: self.ball, ranges: &ranges };
            let row: Vec<(usize, Interval)> = coefficients.into_iter().enumerate().collect();
            let leaves = leaves(&target.tree, assumptions, self.network, &relus, &place())?;
            let bounds: Vec<f64> = leaves
                .par_iter()
                .map(|leaf| {
                    let slope = |relu: usize, feature: usize| {
                        let known = leaf.slopes.and_then(|slopes| relus.share(slopes, relu, feature));
                        known.unwrap_or_else(|| ranges.usual_slope(self.network, relu, feature))
                    };
                    pass.lower_bound(self.network.output(), &row, constant, slope, &leaf.assumptions)
                })
                .collect();
            for (leaf, &bound) in bounds.iter().enumerate() {
                if bound.is_nan() || bound <= 0.0 {
                    return Err(CertificateError::Bound { part: index, target: target.target as usize, leaf, bound });
                }
                self.checked.bound = self.checked.bound.min(bound);
            }
            self.checked.leaves += bounds.len();
            open[target.target as usize] = false;
        }
        let left = open.iter().position(|&open| open);
        match (part.split, left) {
            (None, Some(target)) => Err(CertificateError::Missing { part: index, target }),
            (None, None) => Ok(()),
            (Some(_), _) if assumptions.len() >= DEEPEST => {
                let expected = format!("at most {DEEPEST} parts within each other");
                Err(CertificateError::field(format!("part {index}"), assumptions.len() + 1, expected))
            }
            (Some(split), _) => {
                let (relu, feature) = self.network.relu(split, &format!("the split of part {index}"))?;
                for active in [true, false] {
                    assumptions.push(Assumption { relu, feature, active, multiplier: 0.0 });
                    self.part(&ranges, assumptions, open.clone())?;
                    assumptions.pop();
                }
                Ok(())
            }
        }
    }
}
