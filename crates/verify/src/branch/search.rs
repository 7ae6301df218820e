//! The search over domains: worst bound first, in batches of fixed size.

use super::children::{Steps, bound_domains};
use super::domain::{Assumption, Domain, Neuron};
use super::filter::best_candidate;
use super::problem::Problem;
use crate::backward::Relaxed;
use crate::lane::LANES;
use crate::spare::with_spare;
use crate::specification::LinearConstraint;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Finds a counterexample among some points.
pub(crate) type FindWitness<'w> = dyn Fn(&[Vec<f32>]) -> Option<Vec<f32>> + Sync + 'w;

/// Where a search stops.
pub(crate) struct Limits<'l> {
    /// The largest number of domains that are bounded.
    pub(crate) domains: usize,
    /// The largest number of domains in memory.
    pub(crate) open: usize,
    /// Whether the time is spent.
    pub(crate) stop: &'l (dyn Fn() -> bool + Sync),
    /// Finds a counterexample among the points that bounds are attained at.
    pub(crate) witness: &'l FindWitness<'l>,
}

/// How a search ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    /// All domains are excluded.
    Proved,
    /// A counterexample was found.
    Falsified(Vec<f32>),
    /// A limit was reached.
    Limit,
    /// Domains are left whose ReLUs all have assumed signs.
    Leaves,
}

/// The result of a search.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) end: End,
    /// The least bound of each target's domains; 0 or less if it is not excluded, and infinite if it has no domain.
    pub(crate) bounds: Vec<f64>,
    /// The number of domains that were bounded.
    pub(crate) domains: usize,
}

/// A domain in the queue: the worst bound comes first, and then the older domain.
struct Queued {
    domain: Domain,
    age: usize,
}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> Ordering {
        other.domain.bound.total_cmp(&self.domain.bound).then(other.age.cmp(&self.age))
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Queued {}

/// A search over domains.
pub(crate) struct Search<'a> {
    problem: Problem<'a>,
    assumptions: &'a [Assumption],
    queue: BinaryHeap<Queued>,
    leaves: Vec<Domain>,
    /// The least bound of each target's excluded domains.
    excluded: Vec<f64>,
    bounded: usize,
    aged: usize,
    first_split: Option<Neuron>,
    /// The excluded domains; `None` if they are not recorded.
    recorded: Option<Vec<Domain>>,
}

/// Domains of a batch, which fill eight blocks with their children. It does not depend on the number of threads.
const BATCH: usize = 8 * LANES / 2;

/// Steps for the domain that the search starts from.
const FIRST: Steps = Steps { iterations: 40, slope_rate: 0.1, multiplier_rate: 0.0, decay: 0.95, polyak: 0 };
/// Steps for children.
const CHILDREN: Steps = Steps { iterations: 5, slope_rate: 0.1, multiplier_rate: 0.3, decay: 0.9, polyak: 0 };
/// Steps for domains whose ReLUs all have assumed signs.
const LEAF: Steps = Steps { iterations: 400, slope_rate: 0.0, multiplier_rate: 0.3, decay: 0.99, polyak: 400 };

impl<'a> Search<'a> {
    /// A search where some assumptions hold. The bounds of the network's values may rely on them.
    pub(crate) fn new(
        relaxed: Relaxed<'a>,
        constraints: &'a [&'a LinearConstraint],
        assumptions: &'a [Assumption],
    ) -> Self {
        Self {
            problem: Problem { relaxed, constraints },
            assumptions,
            queue: BinaryHeap::new(),
            leaves: Vec::new(),
            excluded: vec![f64::INFINITY; constraints.len()],
            bounded: 0,
            aged: 0,
            first_split: None,
            recorded: None,
        }
    }

    /// The same search, which keeps the domains that it excludes.
    pub(crate) fn recording(self) -> Self {
        Self { recorded: Some(Vec::new()), ..self }
    }

    /// The domains that were excluded, if they were kept.
    pub(crate) fn into_recorded(self) -> Vec<Domain> {
        self.recorded.unwrap_or_default()
    }

    /// Searches until every target's inequality is excluded where the assumptions hold, a limit is reached, or `domains` were
    /// bounded. It can be called again. `None` if domains are left.
    pub(crate) fn advance(&mut self, domains: usize, limits: &Limits<'_>) -> Option<End> {
        let mut witness = None;
        if self.bounded == 0 {
            witness = self.roots(limits);
        }
        while witness.is_none() && !self.queue.is_empty() {
            if (limits.stop)() || self.bounded >= limits.domains || self.queue.len() > limits.open {
                return Some(End::Limit);
            }
            if self.bounded >= domains {
                return None;
            }
            witness = self.round(limits);
        }
        Some(match witness {
            Some(point) => End::Falsified(point),
            None if self.leaves.is_empty() => End::Proved,
            None => End::Leaves,
        })
    }

    /// The number of domains that were bounded.
    pub(crate) fn bounded(&self) -> usize {
        self.bounded
    }

    /// The least bound of all domains that are not excluded.
    pub(crate) fn worst(&self) -> f64 {
        self.queue.peek().map_or(f64::INFINITY, |queued| queued.domain.bound)
    }

    /// The ReLU that the first domain was split by.
    pub(crate) fn first_split(&self) -> Option<Neuron> {
        self.first_split
    }

    /// The least bound of each target's domains: 0 or less if it is not excluded, and infinite if it has no domain.
    pub(crate) fn bounds(&self) -> Vec<f64> {
        let mut bounds = self.excluded.clone();
        for domain in self.queue.iter().map(|queued| &queued.domain).chain(&self.leaves) {
            bounds[domain.target] = bounds[domain.target].min(domain.bound);
        }
        bounds
    }

    /// Bounds the whole set for every target.
    fn roots(&mut self, limits: &Limits<'_>) -> Option<Vec<f32>> {
        let slopes: Vec<f32> = self
            .problem
            .relaxed
            .lines
            .iter()
            .filter_map(|lines| if let crate::relaxation::Lines::Relu(lines) = lines { Some(lines) } else { None })
            .flat_map(|lines| lines.unstable.iter().map(|&feature| lines.adaptive[feature as usize]))
            .collect();
        let root = |target| Domain {
            target,
            bound: f64::NEG_INFINITY,
            assumptions: self.assumptions.to_vec(),
            slopes: slopes.clone(),
            candidates: Vec::new(),
        };
        let domains = (0..self.problem.constraints.len()).map(root).collect();
        self.bound(domains, FIRST, limits)
    }

    /// Splits a batch of the worst domains and bounds their children.
    fn round(&mut self, limits: &Limits<'_>) -> Option<Vec<f32>> {
        let room = (limits.domains - self.bounded).div_ceil(2).clamp(1, BATCH);
        let batch: Vec<Domain> =
            std::iter::from_fn(|| self.queue.pop()).take(room).map(|queued| queued.domain).collect();
        let problem = self.problem;
        let chosen: Vec<Option<Neuron>> = batch
            .par_iter()
            .map(|domain| with_spare(|spare| best_candidate(&problem, &mut spare.workspace, &mut spare.slopes, domain)))
            .collect();
        self.first_split = self.first_split.or_else(|| chosen.iter().copied().flatten().next());
        let mut children = Vec::with_capacity(2 * batch.len());
        let mut leaves = Vec::new();
        for (domain, neuron) in batch.into_iter().zip(chosen) {
            match neuron {
                Some(neuron) => children.extend([domain.child(neuron, true), domain.child(neuron, false)]),
                None => leaves.push(domain),
            }
        }
        if !leaves.is_empty() {
            let (decided, witness) = self.bound_all(leaves, LEAF, limits);
            for leaf in decided {
                if !self.exclude(&leaf) {
                    self.leaves.push(leaf);
                }
            }
            if witness.is_some() {
                return witness;
            }
        }
        self.bound(children, CHILDREN, limits)
    }

    /// Bounds domains and queues those that are not excluded. Returns a counterexample if one was found.
    fn bound(&mut self, domains: Vec<Domain>, steps: Steps, limits: &Limits<'_>) -> Option<Vec<f32>> {
        self.bounded += domains.len();
        let (domains, witness) = self.bound_all(domains, steps, limits);
        for domain in domains {
            if self.exclude(&domain) {
                continue;
            }
            self.queue.push(Queued { domain, age: self.aged });
            self.aged += 1;
        }
        witness
    }

    /// Whether a domain is excluded.
    fn exclude(&mut self, domain: &Domain) -> bool {
        let excluded = domain.bound > 0.0;
        if excluded {
            let least = &mut self.excluded[domain.target];
            *least = least.min(domain.bound);
            if let Some(recorded) = &mut self.recorded {
                recorded.push(domain.clone());
            }
        }
        excluded
    }

    fn bound_all(
        &self,
        mut domains: Vec<Domain>,
        steps: Steps,
        limits: &Limits<'_>,
    ) -> (Vec<Domain>, Option<Vec<f32>>) {
        let problem = self.problem;
        let points: Vec<Vec<Vec<f32>>> = domains
            .par_chunks_mut(LANES)
            .map(|block| {
                with_spare(|spare| bound_domains(&problem, &mut spare.workspace, &mut spare.ascent, block, steps))
            })
            .collect();
        let open = points.into_iter().flatten().zip(&domains).filter(|(_, domain)| domain.bound <= 0.0);
        let points: Vec<Vec<f32>> = open.map(|(point, _)| point).collect();
        let witness = if points.is_empty() { None } else { (limits.witness)(&points) };
        (domains, witness)
    }
}
