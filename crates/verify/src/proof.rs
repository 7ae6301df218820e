//! What a proof consists of: for each target, the cases that were excluded, with slopes and multipliers.

use crate::backward::{Slopes, Workspace};
use crate::crown::Bounds;
use crate::program::{Node, Operation};
use crate::relaxation::Lines;
use std::collections::BTreeMap;

/// The numbers that a proof follows from, if the ranges of all values come from [`Bounds::new`] with
/// [`Method::Crown`](crate::Method::Crown).
///
/// If maxima were split, the proof is about a network with ReLUs of differences in their place: `max(a, b) = b + max(a − b, 0)`. The
/// maximum of a window is the winner of a tournament of its contenders. Each round pairs neighbours, and the last one of an odd number goes to
/// the next round alone. Each round is one ReLU layer, with a ReLU for each pair, in the order of windows: first contender less second.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// For each maximum layer, in the order of computation, the contenders of each window: the entries that may be the largest, in ascending order,
    /// or none if it is known which one is. A layer without lists is not split. Empty if no maximum is.
    pub maxima: Vec<Vec<Vec<u32>>>,
    /// For each ReLU layer, in the order of computation, the ReLUs whose sign is not known, in ascending order.
    pub open: Vec<Vec<u32>>,
    /// The proof of each target.
    pub targets: Vec<TargetProof>,
}

/// The proof that a target is not met.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetProof {
    /// The index of its inequality that does not hold in any case.
    pub inequality: usize,
    /// Multipliers of the target's inequalities: their sum with these numbers does not hold in any case. If there are none, it is the
    /// inequality with the index `inequality`.
    pub weights: Vec<f64>,
    /// The cases, which cover the input set: leaves of a tree in which each inner node splits by the sign of one ReLU's input.
    pub cases: Vec<Case>,
}

/// A case that one backward pass excludes.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The slopes of the lines below all open ReLUs, layer by layer, from 0 for the slope for negative inputs to 1 for slope 1. `None`
    /// for the usual ones: 1 if the range of the input reaches further above 0 than below, and 0 otherwise.
    pub slopes: Option<Vec<f32>>,
    /// The assumed signs, from the root of the tree.
    pub signs: Vec<Sign>,
}

/// An assumption on the sign of a ReLU's input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sign {
    /// The number of the ReLU layer, in the order of computation.
    pub layer: usize,
    /// The feature.
    pub feature: usize,
    /// Whether the input is at least 0; otherwise it is at most 0.
    pub active: bool,
    /// The multiplier of the assumption, at least 0.
    pub multiplier: f32,
}

/// What a search has found so far.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// The contenders of maxima.
    maxima: Vec<Vec<Vec<u32>>>,
    /// For each node, its slope for negative inputs and the ReLUs whose sign is not known; `None` for other operations.
    open: Vec<Option<(f32, Vec<u32>)>>,
    /// The best margins before branch and bound.
    margins: Vec<Vec<f64>>,
    /// The slopes of the best margins that an optimisation improved, by the number of the inequality among the inequalities of all targets.
    slopes: BTreeMap<usize, Vec<f32>>,
    /// For targets of which a sum of inequalities is excluded or searched: its bound, its multipliers and its slopes.
    sums: BTreeMap<usize, (f64, Vec<f64>, Vec<f32>)>,
    /// The cases that branch and bound has excluded.
    cases: Vec<RecordedCase>,
}

/// A case that branch and bound has excluded.
#[derive(Debug)]
pub(crate) struct RecordedCase {
    pub(crate) target: usize,
    /// The index of the target's inequality.
    pub(crate) inequality: usize,
    /// The slopes of all open ReLUs.
    pub(crate) slopes: Vec<f32>,
    /// The assumptions: the node, the feature, whether its input is at least 0, and the multiplier.
    pub(crate) signs: Vec<(u32, u32, bool, f32)>,
}

impl Record {
    /// Notes the ReLUs whose sign is not known.
    pub(crate) fn begin(&mut self, bounds: &Bounds<'_>) {
        let nodes = bounds.lines.iter().zip(&bounds.program.nodes);
        let open = |(lines, node): (&Lines, &Node)| match (lines, &node.operation) {
            (Lines::Relu(lines), &Operation::Relu { slope }) => Some((slope, lines.unstable.clone())),
            _ => None,
        };
        self.open = nodes.map(open).collect();
    }

    /// Notes the contenders of maxima that are split.
    pub(crate) fn note_maxima(&mut self, contenders: &[Vec<Vec<u32>>]) {
        self.maxima = contenders.to_vec();
    }

    /// Notes margins.
    pub(crate) fn note_margins(&mut self, margins: &Vec<Vec<f64>>) {
        self.margins.clone_from(margins);
    }

    /// Notes the slopes of an inequality.
    pub(crate) fn note_slopes(&mut self, number: usize, slopes: Vec<f32>) {
        self.slopes.insert(number, slopes);
    }

    /// Notes a sum of a target's inequalities: its bound, its multipliers and its slopes.
    pub(crate) fn note_sum(&mut self, target: usize, margin: f64, weights: Vec<f64>, slopes: Vec<f32>) {
        self.sums.insert(target, (margin, weights, slopes));
    }

    /// Notes a case.
    pub(crate) fn note_case(&mut self, case: RecordedCase) {
        self.cases.push(case);
    }

    /// The proof, if every target is excluded.
    pub(crate) fn proof(self) -> Option<Proof> {
        let layers: Vec<usize> = (0..self.open.len()).filter(|&node| self.open[node].is_some()).collect();
        let shares = |slopes: &Vec<f32>| -> Vec<f32> {
            let least = self.open.iter().flatten().flat_map(|(least, open)| std::iter::repeat_n(*least, open.len()));
            let share = |(slope, least): (&f32, f32)| if least < 1.0 { (slope - least) / (1.0 - least) } else { 1.0 };
            slopes.iter().zip(least).map(share).collect()
        };
        let layer = |node: u32| layers.iter().position(|&relu| relu == node as usize);
        let mut targets = Vec::with_capacity(self.margins.len());
        let mut first = 0;
        for (target, margins) in self.margins.iter().enumerate() {
            let mut own = self.cases.iter().filter(|case| case.target == target).peekable();
            let best = margins.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
            targets.push(match (own.peek(), best) {
                (Some(&&RecordedCase { inequality, .. }), _) => {
                    let case = |case: &RecordedCase| {
                        let sign = |&(node, feature, active, multiplier): &(u32, u32, bool, f32)| {
                            Some(Sign { layer: layer(node)?, feature: feature as usize, active, multiplier })
                        };
                        let signs: Option<Vec<Sign>> = case.signs.iter().map(sign).collect();
                        Some(Case { slopes: Some(shares(&case.slopes)), signs: signs? })
                    };
                    let cases: Option<Vec<Case>> = own.map(case).collect();
                    let weights = self.sums.get(&target).map(|(_, weights, _)| weights.clone()).unwrap_or_default();
                    TargetProof { inequality, weights, cases: cases? }
                }
                (None, Some((inequality, &margin))) if margin > 0.0 => {
                    let slopes = self.slopes.get(&(first + inequality)).map(shares);
                    let cases = vec![Case { slopes, signs: Vec::new() }];
                    TargetProof { inequality, weights: Vec::new(), cases }
                }
                (None, _) if self.sums.get(&target).is_some_and(|(margin, ..)| *margin > 0.0) => {
                    let (_, weights, slopes) = self.sums.get(&target)?;
                    let cases = vec![Case { slopes: Some(shares(slopes)), signs: Vec::new() }];
                    TargetProof { inequality: 0, weights: weights.clone(), cases }
                }
                _ => return None,
            });
            first += margins.len();
        }
        let maxima = self.maxima;
        Some(Proof { maxima, open: self.open.into_iter().flatten().map(|(_, open)| open).collect(), targets })
    }
}

/// The slopes of all open ReLUs in a row of the last backward pass.
pub(crate) fn row_slopes(bounds: &Bounds<'_>, workspace: &Workspace, slopes: &Slopes, row: usize) -> Vec<f32> {
    let mut found = Vec::new();
    for (node, lines) in bounds.lines.iter().enumerate() {
        let (Lines::Relu(lines), Operation::Relu { .. }) = (lines, &bounds.program.nodes[node].operation) else {
            continue;
        };
        let from = found.len();
        found.extend(lines.unstable.iter().map(|&feature| lines.adaptive[feature as usize]));
        let Some(region) = workspace.regions.get(node + 1).copied().flatten() else { continue };
        let features = region.runs(bounds.program.values[node + 1]).flatten();
        for (feature, lane) in features.zip(&slopes[node]) {
            if let Ok(position) = lines.unstable.binary_search(&(feature as u32)) {
                found[from + position] = lane.0[row];
            }
        }
    }
    found
}
