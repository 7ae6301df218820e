//! Which ReLU's sign to assume next.
//!
//! Two scores, both of the last backward pass: how far a ReLU's line lies from the ReLU at the point that the bound is
//! attained at, and how far the line above lies from it at 0. Each is multiplied by the size of the coefficient. The
//! second is the back-up score of BaBSR (Bunel et al., "Branch and bound for piecewise linear neural network
//! verification", 2020).

use super::domain::{Domain, Neuron};
use crate::backward::{Relaxed, Workspace};
use crate::lane::LANES;
use crate::program::Operation;
use crate::relaxation::Lines;

/// The best neurons by one score, best first.
#[derive(Clone, Copy, Default)]
struct Best {
    scores: [f32; CANDIDATES],
    neurons: [Neuron; CANDIDATES],
    count: usize,
}

impl Best {
    fn offer(&mut self, score: f32, neuron: Neuron) {
        let mut at = self.count.min(CANDIDATES);
        while at > 0 && self.scores[at - 1] < score {
            at -= 1;
        }
        if at == CANDIDATES {
            return;
        }
        self.scores[at..].rotate_right(1);
        self.neurons[at..].rotate_right(1);
        (self.scores[at], self.neurons[at]) = (score, neuron);
        self.count = (self.count + 1).min(CANDIDATES);
    }
}

/// Candidates of each score.
const CANDIDATES: usize = 4;

/// Finds the candidates of the domains in the rows of a block, after a backward pass and its trace.
pub(crate) fn find_candidates(relaxed: Relaxed<'_>, workspace: &Workspace, domains: &mut [&mut Domain]) {
    let mut by_gap = [Best::default(); LANES];
    let mut by_intercept = [Best::default(); LANES];
    let rows = domains.len().min(LANES);
    for (node, lines) in relaxed.lines.iter().enumerate() {
        let Lines::Relu(lines) = lines else { continue };
        let (value, input) = (node + 1, relaxed.program.nodes[node].inputs[0]);
        let Operation::Relu { slope } = relaxed.program.nodes[node].operation else { continue };
        for &feature in &lines.unstable {
            let index = feature as usize;
            let (a, z, y) = (
                &workspace.coefficients[value][index].0,
                &workspace.points[input][index].0,
                &workspace.points[value][index].0,
            );
            let intercept = lines.intercept[index];
            let neuron = (node as u32, feature);
            for row in 0..rows {
                let relu = if z[row] > 0.0 { z[row] } else { slope * z[row] };
                let gap = a[row].abs() * (y[row] - relu).abs();
                if gap > by_gap[row].scores[CANDIDATES - 1] && !domains[row].assumes(neuron) {
                    by_gap[row].offer(gap, neuron);
                }
                let loss = -a[row].min(0.0) * intercept;
                if loss > by_intercept[row].scores[CANDIDATES - 1] && !domains[row].assumes(neuron) {
                    by_intercept[row].offer(loss, neuron);
                }
            }
        }
    }
    for (row, domain) in domains.iter_mut().enumerate() {
        domain.candidates.clear();
        for k in 0..CANDIDATES {
            for best in [&by_gap[row], &by_intercept[row]] {
                if k < best.count && !domain.candidates.contains(&best.neurons[k]) {
                    domain.candidates.push(best.neurons[k]);
                }
            }
        }
        if domain.candidates.is_empty() {
            domain.candidates.extend(first_open(relaxed, domain));
        }
    }
}

/// The first unstable ReLU whose sign is not assumed.
fn first_open(relaxed: Relaxed<'_>, domain: &Domain) -> Option<Neuron> {
    let unstable = relaxed.lines.iter().enumerate().filter_map(|(node, lines)| match lines {
        Lines::Relu(lines) => Some(lines.unstable.iter().map(move |&feature| (node as u32, feature))),
        _ => None,
    });
    unstable.flatten().find(|&neuron| !domain.assumes(neuron))
}
