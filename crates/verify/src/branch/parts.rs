//! Parts of the input set with bounds of their own.
//!
//! A search over domains keeps the ranges of all neurons. If it would take too long, the set is split by one ReLU, and each
//! part gets ranges of its own: with one sign known, the ranges of all later neurons shrink. Then a search over domains
//! follows in each part.

use super::domain::{Assumption, Neuron};
use super::search::{End, Limits, Outcome, Search};
use crate::VerifyError;
use crate::crown::Bounds;
use crate::slopes::SlopeOptions;
use crate::specification::{LinearConstraint, Specification};

/// A part of the input set.
struct Part<'a> {
    bounds: Bounds<'a>,
    assumptions: Vec<Assumption>,
    /// The targets that are not excluded, with their least bounds.
    open: Vec<(usize, f64)>,
}

/// Domains after which the length of a search is estimated first.
const FIRST_DOMAINS: usize = 256;
/// The longest search over domains that is expected to end.
const MOST_DOMAINS: f64 = 32_000.0;
/// Steps of the slopes in a part.
const STEPS: usize = 8;

/// Searches until every inequality is excluded on the whole set, or a limit is reached.
pub(crate) fn search_parts(
    bounds: Bounds<'_>,
    constraints: &[&LinearConstraint],
    slopes: &SlopeOptions,
    limits: &Limits<'_>,
) -> Result<Outcome, VerifyError> {
    // The least bound of each target's excluded parts, and of those that are left.
    let mut known = vec![f64::INFINITY; constraints.len()];
    let open = (0..constraints.len()).map(|target| (target, f64::NEG_INFINITY)).collect();
    let mut parts = vec![Part { bounds, assumptions: Vec::new(), open }];
    let (mut domains, mut end) = (0, End::Proved);
    while let Some(part) = parts.pop() {
        let inner = Limits { domains: limits.domains.saturating_sub(domains), ..*limits };
        let own: Vec<&LinearConstraint> = part.open.iter().map(|&(target, _)| constraints[target]).collect();
        let mut search = Search::new(part.bounds.relaxed(), &own, &part.assumptions);
        let ended = if end == End::Limit { Some(End::Limit) } else { run(&mut search, &inner) };
        domains += search.bounded();
        let bounds = if search.bounded() > 0 { search.bounds() } else { vec![f64::NEG_INFINITY; own.len()] };
        let mut open = Vec::new();
        for (&(target, before), bound) in part.open.iter().zip(bounds) {
            let bound = bound.max(before);
            if bound > 0.0 {
                known[target] = known[target].min(bound);
            } else {
                open.push((target, bound));
            }
        }
        let split = part.bounds.most_influential().or(search.first_split());
        match (ended, split) {
            (Some(End::Falsified(point)), _) => {
                return Ok(Outcome { end: End::Falsified(point), bounds: known, domains });
            }
            (Some(End::Proved), _) => {}
            (None, Some(neuron)) if !open.is_empty() => {
                for active in [true, false] {
                    let child = part.child(neuron, active, &open, constraints, slopes, limits)?;
                    for &(target, bound) in child.open.iter().filter(|(_, bound)| *bound > 0.0) {
                        known[target] = known[target].min(bound);
                    }
                    let open: Vec<(usize, f64)> = child.open.into_iter().filter(|(_, bound)| *bound <= 0.0).collect();
                    if !open.is_empty() {
                        parts.push(Part { open, ..child });
                    }
                }
            }
            (ended, _) => {
                let limit = ended == Some(End::Limit) || end == End::Limit;
                end = if limit { End::Limit } else { End::Leaves };
                open.iter().for_each(|&(target, bound)| known[target] = known[target].min(bound));
            }
        }
    }
    Ok(Outcome { end, bounds: known, domains })
}

/// Runs a search as long as it is expected to end. `None` if it is not.
///
/// Each doubling of the number of domains raises the worst bound by about the same amount.
fn run(search: &mut Search<'_>, limits: &Limits<'_>) -> Option<End> {
    let mut ended = search.advance(FIRST_DOMAINS / 2, limits);
    while ended.is_none() {
        let (before, from) = (search.worst(), search.bounded() as f64);
        ended = search.advance(2 * search.bounded(), limits);
        let (after, bounded) = (search.worst(), search.bounded() as f64);
        let risen = (after - before) / (bounded / from).log2();
        if ended.is_none() && bounded * (-after / risen.max(1e-12)).exp2() > MOST_DOMAINS {
            return None;
        }
    }
    ended
}

impl<'a> Part<'a> {
    /// The part in which the input of one more ReLU has a sign, with bounds of its own.
    fn child(
        &self,
        (node, feature): Neuron,
        active: bool,
        open: &[(usize, f64)],
        constraints: &[&LinearConstraint],
        slopes: &SlopeOptions,
        limits: &Limits<'_>,
    ) -> Result<Self, VerifyError> {
        let mut bounds = self.bounds.clone();
        bounds.assume(node as usize, feature as usize, active);
        let targets = open.iter().map(|&(target, _)| vec![constraints[target].clone()]).collect();
        let specification = Specification { targets, outputs: bounds.program.outputs() };
        let options = SlopeOptions { iterations: STEPS.min(slopes.iterations), ..*slopes };
        let margins = bounds.optimise_until(&specification, &options, limits.stop, None)?;
        let found = open.iter().zip(margins.iter().flatten());
        let open = found.map(|(&(target, before), &margin)| (target, before.max(margin))).collect();
        let mut assumptions = self.assumptions.clone();
        assumptions.push(Assumption { node, feature, active, multiplier: 0.0 });
        Ok(Self { bounds, assumptions, open })
    }
}
