//! Verdicts: proved, falsified with a witness, or unknown with a reason.

use crate::branch::{End, Limits, MOST_INPUTS, Outcome, Search, search_boxes, search_parts};
use crate::combination::{Combination, best_combination};
use crate::counterexample::{Witness, descend, descend_nearby, first_witness};
use crate::crown::{Bounds, Method};
use crate::program::Program;
use crate::proof::{Proof, Record, RecordedCase};
use crate::slopes::{Margins, SlopeOptions};
use crate::specification::{LinearConstraint, Specification};
use crate::{InputSet, VerifyError};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Points of the worst domains from which margins are descended during the search.
const NEARBY: usize = 16;
/// The rounds of the search between two such descents.
const NEARBY_ROUNDS: usize = 4;
/// Their steps.
const NEARBY_STEPS: usize = 10;

/// What is known of a target, or of all of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// No input of the set meets the target.
    Proved {
        /// A lower bound of the margin, above 0.
        bound: f64,
    },
    /// An input of the set meets the target.
    Falsified {
        /// The input.
        witness: Witness,
    },
    /// Neither is known.
    Unknown {
        /// A lower bound of the margin.
        bound: f64,
        /// Why the search ended.
        why: Reason,
    },
}

/// Why a search ended without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The method is not complete.
    Method,
    /// The time is spent.
    Time,
    /// The budget of domains is spent, or they need too much memory.
    Domains,
    /// Domains are left in which every ReLU is linear and the bound is not positive.
    Leaves,
    /// No bound is finite: the network's numbers may overflow.
    Overflow,
    /// A witness of another target ended the search.
    OtherTarget,
}

/// How far a verification goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VerifyOptions {
    /// The method.
    pub method: Method,
    /// The optimisation of slopes.
    pub slopes: SlopeOptions,
    /// The steps of a descent that looks for a counterexample first. With 0 there is none.
    pub attack_steps: usize,
    /// The time after which the search ends. Results that it cuts off depend on the machine.
    pub time_limit: Option<Duration>,
    /// The largest number of domains of branch and bound. Results that it cuts off are the same on every machine with
    /// the same instruction set.
    pub domains: usize,
    /// The largest number of domains in memory.
    pub open_domains: usize,
}

impl Default for VerifyOptions {
    fn default() -> Self {
        Self {
            method: Method::Complete,
            slopes: SlopeOptions::default(),
            attack_steps: 40,
            time_limit: None,
            domains: usize::MAX,
            open_domains: 200_000,
        }
    }
}

/// The result of a verification.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The verdict on all targets at once.
    pub verdict: Verdict,
    /// The verdict on each target.
    pub targets: Vec<Verdict>,
    /// The number of ReLUs whose sign was not known before the search, or `None` if no bounds were computed.
    pub unstable: Option<usize>,
    /// The number of domains that were bounded.
    pub domains: usize,
    /// The time it took.
    pub seconds: f64,
}

/// Examines whether an input of a set meets a target of a specification.
///
/// # Errors
/// Returns [`VerifyError::Length`] if the set or the specification has other sizes than the network.
pub fn verify(
    program: &Program,
    input: &InputSet,
    specification: &Specification,
    options: &VerifyOptions,
) -> Result<Report, VerifyError> {
    examine(program, input, specification, options, None)
}

/// Examines the same as [`verify`], and returns the numbers of the proof if every target is excluded.
///
/// The slopes of intermediate bounds are not optimised, and the set is not searched in parts with bounds of their own, so that a
/// proof stays small.
///
/// # Errors
/// Returns the errors of [`verify`].
pub fn prove(
    program: &Program,
    input: &InputSet,
    specification: &Specification,
    options: &VerifyOptions,
) -> Result<(Report, Option<Proof>), VerifyError> {
    let options = VerifyOptions { slopes: SlopeOptions { intermediate: false, ..options.slopes }, ..*options };
    let mut record = Record::default();
    let report = examine(program, input, specification, &options, Some(&mut record))?;
    let proof = if matches!(report.verdict, Verdict::Proved { .. }) { record.proof() } else { None };
    Ok((report, proof))
}

fn examine(
    program: &Program,
    input: &InputSet,
    specification: &Specification,
    options: &VerifyOptions,
    mut record: Option<&mut Record>,
) -> Result<Report, VerifyError> {
    let started = Instant::now();
    let late = || options.time_limit.is_some_and(|limit| started.elapsed() >= limit);
    let state = State { program, input, specification, started };
    for (what, found, expected) in
        [("inputs", input.len(), program.inputs()), ("outputs", specification.outputs, program.outputs())]
    {
        if found != expected {
            return Err(VerifyError::Length { what, found, expected });
        }
    }
    let all: Vec<usize> = (0..specification.targets.len()).collect();
    let middle = input.lower.iter().zip(&input.upper).map(|(l, u)| l + 0.5 * (u - l)).collect();
    if let Some(witness) = first_witness(program, input, specification, &[middle]) {
        return Ok(state.falsified(witness, None, 0));
    }
    if options.method == Method::Interval {
        let bounds = Bounds::new(program, input, Method::Interval)?;
        let margins = bounds.margins(specification)?;
        if let Some(record) = record {
            record.begin(&bounds);
            record.note_margins(&margins);
        }
        return Ok(state.report(&best_margins(&margins), Reason::Method, None, 0));
    }
    let mut bounds = Bounds::new(program, input, Method::Crown)?;
    let mut margins = bounds.margins(specification)?;
    if let Some(record) = record.as_deref_mut() {
        record.begin(&bounds);
        record.note_margins(&margins);
    }
    let unstable = Some(bounds.unstable());
    let open: Vec<usize> = all.into_iter().filter(|&target| best(&margins[target]) <= 0.0).collect();
    if !open.is_empty() {
        let found = descend(program, input, specification, &open, options.attack_steps, &late);
        if let (Some(witness), true) = (found, options.attack_steps > 0) {
            return Ok(state.falsified(witness, unstable, 0));
        }
    }
    if !open.is_empty() && open.iter().all(|&target| !best(&margins[target]).is_finite()) {
        return Ok(state.report(&best_margins(&margins), Reason::Overflow, unstable, 0));
    }
    if options.method == Method::Crown || open.is_empty() {
        return Ok(state.report(&best_margins(&margins), Reason::Method, unstable, 0));
    }
    let smooth = program.is_smooth();
    let in_boxes = smooth && program.inputs() <= MOST_INPUTS && options.method == Method::Complete && record.is_none();
    if smooth && !in_boxes && bounds.unstable() == 0 {
        // There is no slope to optimise and no sign to assume.
        return Ok(state.report(&best_margins(&margins), Reason::Method, unstable, 0));
    }
    // A maximum has no sign to assume, and the ReLUs of differences have.
    let without = if in_boxes { None } else { program.without_maxima(&bounds.ranges.lower, &bounds.ranges.upper) };
    if let Some(without) = &without {
        bounds = Bounds::within(&without.program, &without.origins, &bounds);
        let own = bounds.margins(specification)?;
        if let Some(record) = record.as_deref_mut() {
            // The whole proof is about one network.
            record.begin(&bounds);
            record.note_maxima(&without.contenders);
            record.note_margins(&own);
            margins = own;
        } else {
            margins = better(margins, own);
        }
    }
    if bounds.unstable() > 0 || !smooth {
        let before = margins;
        margins = bounds.optimise_until(specification, &options.slopes, &late, record.as_deref_mut())?;
        margins = better(margins, before);
    }
    if let Some(record) = record.as_deref_mut() {
        record.note_margins(&margins);
    }
    let open: Vec<usize> = (0..margins.len()).filter(|&target| best(&margins[target]) <= 0.0).collect();
    if options.method == Method::Slopes || open.is_empty() {
        let why = if late() { Reason::Time } else { Reason::Method };
        return Ok(state.report(&best_margins(&margins), why, unstable, 0));
    }
    // The inequality of each target with the best bound so far is the one to exclude, or else a sum of them.
    let mut known = best_margins(&margins);
    let mut sums: Vec<Option<Combination>> = Vec::with_capacity(open.len());
    for &target in &open {
        let sum = best_combination(&bounds, &specification.targets[target], &late);
        let sum = sum.filter(|sum| sum.margin > known[target]);
        if let (Some(sum), Some(record)) = (&sum, record.as_deref_mut()) {
            record.note_sum(target, sum.margin, sum.weights.clone(), sum.slopes.clone());
        }
        known[target] = known[target].max(sum.as_ref().map_or(f64::NEG_INFINITY, |sum| sum.margin));
        sums.push(sum);
    }
    let (open, sums): (Vec<usize>, Vec<_>) =
        open.into_iter().zip(sums).filter(|(target, _)| known[*target] <= 0.0).unzip();
    if open.is_empty() {
        return Ok(state.report(&known, Reason::Method, unstable, 0));
    }
    let constraints: Vec<&LinearConstraint> = open
        .iter()
        .zip(&sums)
        .filter_map(|(&target, sum)| {
            let order = margins[target].iter().zip(&specification.targets[target]);
            let best = order
                .filter(|(margin, _)| !margin.is_nan())
                .max_by(|a, b| a.0.total_cmp(b.0))
                .map(|(_, constraint)| constraint);
            // Without any bound it is the first one, so that every target has one.
            sum.as_ref().map(|sum| &sum.constraint).or(best).or(specification.targets[target].first())
        })
        .collect();
    let rounds = AtomicUsize::new(0);
    let witness = |points: &[Vec<f32>]| {
        let found = first_witness(program, input, specification, points);
        let round = rounds.fetch_add(1, Ordering::Relaxed);
        let descended = || {
            let worst = points.get(..NEARBY.min(points.len())).unwrap_or_default();
            let often = round.is_multiple_of(NEARBY_ROUNDS) && options.attack_steps > 0;
            often.then(|| descend_nearby(program, input, specification, worst, NEARBY_STEPS)).flatten()
        };
        found.or_else(descended).map(|witness| witness.input)
    };
    let limits = Limits { domains: options.domains, open: options.open_domains, stop: &late, witness: &witness };
    let (outcome, recorded) = if in_boxes {
        (search_boxes(&bounds, &constraints, &limits)?, Vec::new())
    } else if record.is_some() {
        let mut search = Search::new(bounds.relaxed(), &constraints, &[]).recording();
        let end = search.advance(usize::MAX, &limits).unwrap_or(End::Limit);
        (Outcome { end, bounds: search.bounds(), domains: search.bounded() }, search.into_recorded())
    } else {
        (search_parts(bounds, &constraints, &options.slopes, &limits)?, Vec::new())
    };
    if let Some(record) = record {
        for domain in recorded {
            let target = open[domain.target];
            let constraint = constraints[domain.target];
            let inequality = specification.targets[target].iter().position(|own| std::ptr::eq(own, constraint));
            let signs = domain.assumptions.iter().map(|a| (a.node, a.feature, a.active, a.multiplier)).collect();
            let inequality = inequality.unwrap_or(0);
            record.note_case(RecordedCase { target, inequality, slopes: domain.slopes, signs });
        }
    }
    if let End::Falsified(point) = &outcome.end
        && let Some(witness) = first_witness(program, input, specification, std::slice::from_ref(point))
    {
        return Ok(state.falsified(witness, unstable, outcome.domains));
    }
    // A counterexample that is not confirmed leaves its targets open.
    let confirmed = !matches!(outcome.end, End::Falsified(_));
    for (&target, &bound) in open.iter().zip(&outcome.bounds).filter(|_| confirmed) {
        known[target] = known[target].max(bound);
    }
    let why = match outcome.end {
        End::Leaves => Reason::Leaves,
        _ if late() => Reason::Time,
        _ => Reason::Domains,
    };
    Ok(state.report(&known, why, unstable, outcome.domains))
}

/// The better bound of every inequality.
fn better(mut margins: Margins, others: Margins) -> Margins {
    let pairs = margins.iter_mut().flatten().zip(others.into_iter().flatten());
    pairs.for_each(|(margin, other)| *margin = if *margin > other { *margin } else { other });
    margins
}

/// The best bound of a target's inequalities. A NaN is no bound.
fn best(margins: &[f64]) -> f64 {
    margins.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn best_margins(margins: &[Vec<f64>]) -> Vec<f64> {
    margins.iter().map(|target| best(target)).collect()
}

/// What a report needs.
struct State<'a> {
    program: &'a Program,
    input: &'a InputSet,
    specification: &'a Specification,
    started: Instant,
}

impl State<'_> {
    /// The report of bounds, one for each target.
    fn report(&self, bounds: &[f64], why: Reason, unstable: Option<usize>, domains: usize) -> Report {
        let verdict = |bound: f64| {
            if bound > 0.0 { Verdict::Proved { bound } } else { Verdict::Unknown { bound, why } }
        };
        Report {
            verdict: verdict(bounds.iter().copied().fold(f64::INFINITY, f64::min)),
            targets: bounds.iter().map(|&bound| verdict(bound)).collect(),
            unstable,
            domains,
            seconds: self.started.elapsed().as_secs_f64(),
        }
    }

    fn falsified(&self, witness: Witness, unstable: Option<usize>, domains: usize) -> Report {
        debug_assert!(self.input.contains(&witness.input) && self.program.inputs() == witness.input.len());
        let other = Verdict::Unknown { bound: f64::NEG_INFINITY, why: Reason::OtherTarget };
        let mut targets = vec![other; self.specification.targets.len()];
        targets[witness.target] = Verdict::Falsified { witness: witness.clone() };
        let seconds = self.started.elapsed().as_secs_f64();
        Report { verdict: Verdict::Falsified { witness }, targets, unstable, domains, seconds }
    }
}
