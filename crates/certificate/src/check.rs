//! The checker: every number of a certificate is only a hint, from which a bound is computed anew.

use crate::CertificateError;
use crate::backward::{Assumption, Pass};
use crate::ball::Ball;
use crate::certificate::{Certificate, Inequality, Part, Property, sha256};
use crate::network::Network;
use crate::open_relus::OpenRelus;
use crate::ranges::Ranges;
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
        for (what, found, expected) in
            [("weights", self.weights.clone(), &certificate.weights), ("image", sha256(image), &certificate.image)]
        {
            if found != *expected {
                return Err(CertificateError::Identity { what, found, expected: expected.clone() });
            }
        }
        let expected = self.network.widths[0];
        if image.len() != expected {
            return Err(CertificateError::Length { what: "pixels", found: image.len(), expected });
        }
        let ball = Ball::new(image, certificate.norm, certificate.radius)?;
        let targets = targets(&certificate.property, self.network.widths[self.network.output()])?;
        let open = vec![true; targets.len()];
        let ranges = Ranges::new(&self.network, &ball);
        let mut walk = Walk {
            network: &self.network,
            ball: &ball,
            targets: &targets,
            parts: &certificate.parts,
            next: 0,
            checked: Checked { bound: f64::INFINITY, parts: certificate.parts.len(), leaves: 0 },
        };
        walk.part(&ranges, &mut Vec::new(), open)?;
        if walk.next != certificate.parts.len() {
            let (found, expected) = (certificate.parts.len(), format!("{}, as the splits say", walk.next));
            return Err(CertificateError::field("parts", found, expected));
        }
        Ok(walk.checked)
    }
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
            for inequality in targets.iter().flatten() {
                let found = inequality.coefficients.len();
                if found != outputs {
                    return Err(CertificateError::Length {
                        what: "coefficients of an inequality",
                        found,
                        expected: outputs,
                    });
                }
                if let Some(x) = inequality.coefficients.iter().chain([&inequality.bound]).find(|x| !x.is_finite()) {
                    return Err(CertificateError::field("inequality", x, "finite numbers"));
                }
            }
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

impl Walk<'_> {
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
            let inequality = inequalities.and_then(|all| all.get(target.inequality as usize)).ok_or_else(|| {
                let found = format!("inequality {}", target.inequality);
                CertificateError::field(place(), found, format!("an inequality of {} targets", self.targets.len()))
            })?;
            let pass = Pass { network: self.network, ball: self.ball, ranges: &ranges };
            let row: Vec<(usize, f64)> = inequality.coefficients.iter().copied().enumerate().collect();
            let leaves = leaves(&target.tree, assumptions, self.network, &relus, &place())?;
            let bounds: Vec<f64> = leaves
                .par_iter()
                .map(|leaf| {
                    let slope = |relu: usize, feature: usize| {
                        let known = leaf.slopes.and_then(|slopes| relus.share(slopes, relu, feature));
                        known.unwrap_or_else(|| ranges.usual_slope(self.network, relu, feature))
                    };
                    pass.lower_bound(self.network.output(), &row, -inequality.bound, slope, &leaf.assumptions)
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
