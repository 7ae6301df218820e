//! The search over domains: worst bound first, in batches of fixed size.

use super::children::{Steps, bound_domains};
use super::domain::{Domain, Neuron, load_slopes};
use super::filter::best_candidate;
use crate::ascent::Ascent;
use crate::backward::{Relaxed, Slopes, Split, Workspace};
use crate::crown::start_constraints;
use crate::lane::LANES;
use crate::specification::LinearConstraint;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// What a search knows: the network with its lines, and the inequality that it excludes for each target.
#[derive(Clone, Copy)]
pub(crate) struct Problem<'a> {
    pub(crate) relaxed: Relaxed<'a>,
    pub(crate) constraints: &'a [&'a LinearConstraint],
}

impl Problem<'_> {
    /// Bounds of rows with the inequalities of targets.
    pub(crate) fn bounds(
        &self,
        workspace: &mut Workspace,
        targets: &[usize],
        slopes: &Slopes,
        splits: &[Split],
    ) -> [f64; LANES] {
        let constraints: Vec<&LinearConstraint> = targets.iter().map(|&target| self.constraints[target]).collect();
        let errors = start_constraints(self.relaxed, workspace, &constraints);
        let bounds = workspace.lower_bounds(self.relaxed, self.relaxed.program.output(), Some(slopes), splits);
        std::array::from_fn(|row| {
            let bound = bounds[row] - errors[row];
            if bound.is_nan() { f64::NEG_INFINITY } else { bound }
        })
    }
}

/// Where a search stops.
pub(crate) struct Limits<'l> {
    /// The largest number of domains that are bounded.
    pub(crate) domains: usize,
    /// The largest number of domains in memory.
    pub(crate) open: usize,
    /// Whether the time is spent.
    pub(crate) stop: &'l (dyn Fn() -> bool + Sync),
    /// Whether a point is a counterexample. It is called with batches of points.
    pub(crate) witness: &'l (dyn Fn(&[Vec<f32>]) -> Option<Vec<f32>> + Sync),
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
    /// The domains that were excluded, if they were to be recorded.
    pub(crate) recorded: Vec<Domain>,
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
    queue: BinaryHeap<Queued>,
    leaves: Vec<Domain>,
    /// The least bound of each target's excluded domains.
    excluded: Vec<f64>,
    bounded: usize,
    aged: usize,
    /// The excluded domains; `None` if they are not recorded.
    recorded: Option<Vec<Domain>>,
}

/// Domains of a batch, which fill eight blocks with their children. It does not depend on the number of threads.
const BATCH: usize = 8 * LANES / 2;

/// Steps for the domain that the search starts from.
const FIRST: Steps = Steps { iterations: 20, slope_rate: 0.1, multiplier_rate: 0.0, decay: 0.95 };
/// Steps for children.
const CHILDREN: Steps = Steps { iterations: 10, slope_rate: 0.1, multiplier_rate: 0.3, decay: 0.9 };
/// Steps for domains whose ReLUs all have assumed signs.
const LEAF: Steps = Steps { iterations: 400, slope_rate: 0.0, multiplier_rate: 0.3, decay: 0.99 };

impl<'a> Search<'a> {
    pub(crate) fn new(relaxed: Relaxed<'a>, constraints: &'a [&'a LinearConstraint]) -> Self {
        let problem = Problem { relaxed, constraints };
        Self {
            problem,
            queue: BinaryHeap::new(),
            leaves: Vec::new(),
            excluded: vec![f64::INFINITY; constraints.len()],
            bounded: 0,
            aged: 0,
            recorded: None,
        }
    }

    /// The same search, which keeps the domains that it excludes.
    pub(crate) fn recording(self, record: bool) -> Self {
        Self { recorded: record.then(Vec::new), ..self }
    }

    /// Searches until every target's inequality is excluded on the whole set, or a limit is reached.
    pub(crate) fn run(mut self, limits: &Limits<'_>) -> Outcome {
        let mut witness = self.roots(limits);
        while witness.is_none() && !self.queue.is_empty() {
            if (limits.stop)() || self.bounded >= limits.domains || self.queue.len() > limits.open {
                return self.outcome(End::Limit);
            }
            witness = self.round(limits);
        }
        match witness {
            Some(point) => self.outcome(End::Falsified(point)),
            None if self.leaves.is_empty() => self.outcome(End::Proved),
            None => self.outcome(End::Leaves),
        }
    }

    fn outcome(self, end: End) -> Outcome {
        let mut bounds = self.excluded;
        for domain in self.queue.iter().map(|queued| &queued.domain).chain(&self.leaves) {
            bounds[domain.target] = bounds[domain.target].min(domain.bound);
        }
        Outcome { end, bounds, domains: self.bounded, recorded: self.recorded.unwrap_or_default() }
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
            assumptions: Vec::new(),
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
            .map_init(
                || (Workspace::default(), Slopes::new()),
                |(workspace, slopes), domain| best_candidate(&problem, workspace, slopes, domain),
            )
            .collect();
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
            .map_init(
                || (Workspace::default(), None),
                |(workspace, ascent), block| {
                    let ascent = ascent.get_or_insert_with(|| {
                        let mut slopes = Slopes::new();
                        load_slopes(problem.relaxed.lines, std::iter::empty(), &mut slopes);
                        Ascent::of_slopes(slopes)
                    });
                    bound_domains(&problem, workspace, ascent, block, steps)
                },
            )
            .collect();
        let open = points.into_iter().flatten().zip(&domains).filter(|(_, domain)| domain.bound <= 0.0);
        let points: Vec<Vec<f32>> = open.map(|(point, _)| point).collect();
        let witness = if points.is_empty() { None } else { (limits.witness)(&points) };
        (domains, witness)
    }
}
