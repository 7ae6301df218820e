//! A part of the input set: where the inputs of some ReLUs have assumed signs.

use crate::backward::{Slopes, Split};
use crate::lane::{LANES, Lane};
use crate::relaxation::Lines;

/// An assumption on the sign of a ReLU's input, with its multiplier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Assumption {
    pub(crate) node: u32,
    pub(crate) feature: u32,
    pub(crate) active: bool,
    pub(crate) multiplier: f32,
}

impl Assumption {
    /// The assumption in a row of a pass.
    pub(crate) fn split(self, row: usize) -> Split {
        let Self { node, feature, active, multiplier } = self;
        Split { node: node as usize, feature: feature as usize, row, active, multiplier }
    }
}

/// A ReLU: its node and its feature.
pub(crate) type Neuron = (u32, u32);

/// A part of the input set in which one inequality is to be excluded.
#[derive(Clone, Debug)]
pub(crate) struct Domain {
    /// The target.
    pub(crate) target: usize,
    /// Its lower bound of the margin.
    pub(crate) bound: f64,
    pub(crate) assumptions: Vec<Assumption>,
    /// The slopes of all unstable ReLUs, node by node.
    pub(crate) slopes: Vec<f32>,
    /// The ReLUs whose signs may be assumed next, best first.
    pub(crate) candidates: Vec<Neuron>,
}

impl Domain {
    /// Whether a ReLU's sign is assumed.
    pub(crate) fn assumes(&self, (node, feature): Neuron) -> bool {
        self.assumptions.iter().any(|a| a.node == node && a.feature == feature)
    }

    /// Its child with one more assumption.
    pub(crate) fn child(&self, (node, feature): Neuron, active: bool) -> Self {
        let mut child = self.clone();
        child.assumptions.push(Assumption { node, feature, active, multiplier: 0.0 });
        child.candidates.clear();
        child
    }
}

/// Writes domains' slopes to the rows of a block. Slopes of stable ReLUs are written once.
pub(crate) fn load_slopes<'d>(lines: &[Lines], domains: impl Iterator<Item = &'d Domain>, slopes: &mut Slopes) {
    slopes.resize(lines.len(), Vec::new());
    for (lines, lanes) in lines.iter().zip(slopes.iter_mut()) {
        if let Lines::Relu(lines) = lines
            && lanes.len() != lines.adaptive.len()
        {
            *lanes = lines.adaptive.iter().map(|&slope| Lane::splat(slope)).collect();
        }
    }
    for (row, domain) in domains.enumerate().take(LANES) {
        let mut numbers = domain.slopes.iter();
        for (lines, lanes) in lines.iter().zip(slopes.iter_mut()) {
            if let Lines::Relu(lines) = lines {
                for (&feature, &slope) in lines.unstable.iter().zip(&mut numbers) {
                    lanes[feature as usize].0[row] = slope;
                }
            }
        }
    }
}

/// Reads the slopes of a row.
pub(crate) fn store_slopes(lines: &[Lines], slopes: &Slopes, row: usize, domain: &mut Domain) {
    domain.slopes.clear();
    for (lines, lanes) in lines.iter().zip(slopes) {
        if let Lines::Relu(lines) = lines {
            domain.slopes.extend(lines.unstable.iter().map(|&feature| lanes[feature as usize].0[row]));
        }
    }
}
