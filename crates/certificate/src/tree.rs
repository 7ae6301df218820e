//! Trees of splits: the walk that visits every case, and so finds out whether one is missing.

use crate::CertificateError;
use crate::backward::Assumption;
use crate::certificate::{Relu, Step};
use crate::network::Network;
use crate::open_relus::OpenRelus;
use crate::slopes::Slopes;

/// A case that a search has excluded, with the signs that it assumes, from the root of a tree of splits.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The slopes of the pass.
    pub slopes: Option<Slopes>,
    /// The ReLUs, whether the input of each is at least 0 (otherwise it is at most 0), and the multipliers.
    pub signs: Vec<(Relu, bool, f64)>,
}

impl Case {
    /// The tree whose leaves are these cases. `None` if there is no such tree.
    #[must_use]
    pub fn tree(cases: Vec<Self>) -> Option<Vec<Step>> {
        let mut tree = Vec::new();
        let mut left = vec![(cases, 0)];
        while let Some((mut cases, depth)) = left.pop() {
            let Some(&(relu, _, _)) = cases.first()?.signs.get(depth) else {
                let Case { slopes, signs } = cases.pop().filter(|_| cases.is_empty())?;
                let multipliers = signs.iter().map(|&(_, _, multiplier)| multiplier).collect();
                tree.push(Step::Leaf { slopes, multipliers });
                continue;
            };
            if cases.iter().any(|case| case.signs.get(depth).is_none_or(|sign| sign.0 != relu)) {
                return None;
            }
            let (active, inactive) =
                cases.into_iter().partition(|case| case.signs.get(depth).is_some_and(|sign| sign.1));
            tree.push(Step::Split(relu));
            left.extend([(inactive, depth + 1), (active, depth + 1)]);
        }
        Some(tree)
    }
}

/// A case with its assumptions.
#[derive(Clone, Debug)]
pub(crate) struct Leaf<'a> {
    pub(crate) slopes: Option<&'a Slopes>,
    pub(crate) assumptions: Vec<Assumption>,
}

/// The leaves of a tree. Together they cover all images where the assumptions of its root hold, because each split has
/// both of its cases.
pub(crate) fn leaves<'a>(
    tree: &'a [Step],
    root: &[Assumption],
    network: &Network,
    relus: &OpenRelus<'_>,
    place: &str,
) -> Result<Vec<Leaf<'a>>, CertificateError> {
    let mut path = root.to_vec();
    let mut found = Vec::new();
    let mut complete = false;
    for step in tree {
        if complete {
            return Err(CertificateError::field(place, "steps after the last leaf", "a tree"));
        }
        match step {
            Step::Split(relu) => {
                let (relu, feature) = network.relu(*relu, place)?;
                path.push(Assumption { relu, feature, active: true, multiplier: 0.0 });
            }
            Step::Leaf { slopes, multipliers } => {
                if multipliers.len() != path.len() {
                    let (found, expected) = (format!("{} multipliers", multipliers.len()), path.len().to_string());
                    return Err(CertificateError::field(place, found, expected));
                }
                if let Some(x) = multipliers.iter().find(|x| !(x.is_finite() && **x >= 0.0)) {
                    return Err(CertificateError::field(
                        place,
                        format!("the multiplier {x}"),
                        "a number of at least 0",
                    ));
                }
                if let Some(slopes) = slopes {
                    relus.check(slopes, place)?;
                }
                let with = path.iter().zip(multipliers);
                let assumptions =
                    with.map(|(&assumption, &multiplier)| Assumption { multiplier, ..assumption }).collect();
                found.push(Leaf { slopes: slopes.as_ref(), assumptions });
                // The next case is the other one of the last split whose second case is left.
                while path.len() > root.len() && path.last().is_some_and(|last| !last.active) {
                    path.pop();
                }
                complete = path.len() == root.len();
                if let (Some(last), false) = (path.last_mut(), complete) {
                    last.active = false;
                }
            }
        }
    }
    if complete { Ok(found) } else { Err(CertificateError::field(place, "a split without its second case", "a tree")) }
}
