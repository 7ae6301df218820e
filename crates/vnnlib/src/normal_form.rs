//! A formula as a disjunction of cases.
//!
//! The options of the disjunctions are gone through depth first: one option of the first disjunction, one of the next, and so on.
//! A case is complete when no disjunction is left. There is one state, of the current case. Going back undoes what an option added.

use crate::error::{Fault, Located};
use crate::formula::{Atom, Conjunction, Disjunction, Side};
use crate::parser::Parsed;
use crate::property::{Case, Inequality, InputBox, Property};
use crate::variable::Variable;
use std::slice;
use std::sync::Arc;

/// The size of a normal form that any file may have, in numbers.
const SIZE_OF_ANY: usize = 1 << 18;
/// The size that it may have in addition for each byte of the file. A file in normal form needs less.
const SIZE_OF_BYTE: usize = 4;
/// The sizes of a case and of an inequality without their numbers.
const SIZE_OF_CASE: usize = 16;
const SIZE_OF_INEQUALITY: usize = 4;

/// A bound of an input and the line that gives it; infinite if there is none.
#[derive(Clone, Copy, Debug)]
struct Bound {
    value: f64,
    line: usize,
}

/// A bound before an option changed it.
#[derive(Clone, Copy, Debug)]
struct Change {
    input: usize,
    side: Side,
    before: Bound,
}

/// How much of the state there was before an option.
#[derive(Clone, Copy, Debug)]
struct Mark {
    agenda: usize,
    inequalities: usize,
    changes: usize,
}

/// The options of a disjunction that are left, and the state before the first.
#[derive(Debug)]
struct Choice<'a> {
    options: slice::Iter<'a, Conjunction>,
    mark: Mark,
}

#[derive(Debug)]
struct Expansion<'a> {
    lower: Vec<Bound>,
    upper: Vec<Bound>,
    /// The number of infinite bounds.
    infinite: usize,
    changes: Vec<Change>,
    /// The box of the newest case, unless a bound has changed since.
    newest: Option<Arc<InputBox>>,
    inequalities: Vec<&'a Inequality>,
    /// The disjunctions of this case. A choice was made in the first of them.
    agenda: Vec<&'a Disjunction>,
    cases: Vec<Case>,
    contradiction: Option<Located>,
    size: usize,
    most: usize,
}

/// The property of a text of so many bytes.
pub(crate) fn normal_form(parsed: &Parsed, bytes: usize) -> Result<Property, Located> {
    let inputs = parsed.input_lines.len();
    let unbounded = |value| vec![Bound { value, line: 0 }; inputs];
    let mut expansion = Expansion {
        lower: unbounded(f64::NEG_INFINITY),
        upper: unbounded(f64::INFINITY),
        infinite: 2 * inputs,
        changes: Vec::new(),
        newest: None,
        inequalities: Vec::new(),
        agenda: Vec::new(),
        cases: Vec::new(),
        contradiction: None,
        size: 0,
        most: SIZE_OF_BYTE.saturating_mul(bytes).saturating_add(SIZE_OF_ANY),
    };
    expansion.run(parsed)?;
    let Expansion { cases, contradiction, .. } = expansion;
    match contradiction {
        Some(first) if cases.is_empty() => Err(first),
        _ => Ok(Property { inputs, outputs: parsed.outputs, cases }),
    }
}

impl<'a> Expansion<'a> {
    fn run(&mut self, parsed: &'a Parsed) -> Result<(), Located> {
        let mut choices: Vec<Choice<'a>> = Vec::new();
        let mut next = Some(&parsed.assertions);
        while let Some(part) = next {
            if self.add(part)? {
                match self.agenda.get(choices.len()) {
                    Some(of) => choices.push(Choice { options: of.options.iter(), mark: self.mark() }),
                    None => self.complete(parsed)?,
                }
            }
            next = self.next_option(&mut choices);
        }
        Ok(())
    }

    /// The next option of the newest disjunction that has one left. The state is as before its first option.
    fn next_option(&mut self, choices: &mut Vec<Choice<'a>>) -> Option<&'a Conjunction> {
        while let Some(choice) = choices.last_mut() {
            self.undo(choice.mark);
            if let Some(option) = choice.options.next() {
                return Some(option);
            }
            choices.pop();
        }
        None
    }

    /// Adds the parts of a conjunction to the state. Returns whether a case with them is possible.
    fn add(&mut self, part: &'a Conjunction) -> Result<bool, Located> {
        self.grow(part.atoms.len() + part.disjunctions.len() + 1)?;
        for atom in &part.atoms {
            match atom {
                Atom::Bound { input, side, value, line } => {
                    if !self.tighten(*input as usize, *side, Bound { value: *value, line: *line }) {
                        return Ok(false);
                    }
                }
                Atom::Inequality(inequality) => self.inequalities.push(inequality),
                Atom::False { line } => {
                    self.contradict(*line, || format!("a comparison of constants in line {line} does not hold"));
                    return Ok(false);
                }
            }
        }
        self.agenda.extend(&part.disjunctions);
        Ok(true)
    }

    /// Applies a bound. Returns whether the interval has a point.
    fn tighten(&mut self, input: usize, side: Side, bound: Bound) -> bool {
        let (Some(lower), Some(upper)) = (self.lower.get_mut(input), self.upper.get_mut(input)) else { return true };
        let before = if side == Side::Lower { *lower } else { *upper };
        let is_tighter = if side == Side::Lower { bound.value > before.value } else { bound.value < before.value };
        if is_tighter {
            self.changes.push(Change { input, side, before });
            self.infinite -= usize::from(before.value.is_infinite());
            self.newest = None;
            *(if side == Side::Lower { &mut *lower } else { &mut *upper }) = bound;
        }
        let (lower, upper) = (*lower, *upper);
        if lower.value > upper.value {
            self.contradict(bound.line, || {
                let name = Variable::Input(input as u32);
                format!(
                    "{name} ≥ {:?} in line {} and {name} ≤ {:?} in line {}",
                    lower.value, lower.line, upper.value, upper.line
                )
            });
            return false;
        }
        true
    }

    /// Keeps the first contradiction.
    fn contradict(&mut self, line: usize, found: impl FnOnce() -> String) {
        self.contradiction.get_or_insert_with(|| Located { line, fault: Fault::Contradiction { found: found() } });
    }

    fn mark(&self) -> Mark {
        Mark { agenda: self.agenda.len(), inequalities: self.inequalities.len(), changes: self.changes.len() }
    }

    /// Returns to an earlier state.
    fn undo(&mut self, mark: Mark) {
        self.agenda.truncate(mark.agenda);
        self.inequalities.truncate(mark.inequalities);
        for Change { input, side, before } in self.changes.drain(mark.changes..).rev() {
            let bounds = if side == Side::Lower { &mut self.lower } else { &mut self.upper };
            if let Some(bound) = bounds.get_mut(input) {
                *bound = before;
            }
            self.infinite += usize::from(before.value.is_infinite());
            self.newest = None;
        }
    }

    /// Adds the state to the cases.
    fn complete(&mut self, parsed: &Parsed) -> Result<(), Located> {
        if self.infinite > 0 {
            return Err(self.unbounded(parsed));
        }
        let sizes = self.inequalities.iter().map(|inequality| SIZE_OF_INEQUALITY + 2 * inequality.terms.len());
        self.grow(SIZE_OF_CASE + sizes.sum::<usize>())?;
        let input = match &self.newest {
            Some(newest) => Arc::clone(newest),
            None => {
                self.grow(2 * self.lower.len())?;
                let values = |bounds: &[Bound]| bounds.iter().map(|bound| bound.value).collect();
                let own = Arc::new(InputBox { lower: values(&self.lower), upper: values(&self.upper) });
                self.newest.insert(own).clone()
            }
        };
        let inequalities = self.inequalities.iter().map(|&inequality| inequality.clone()).collect();
        self.cases.push(Case { input, inequalities });
        Ok(())
    }

    /// The error of the first input without a bound.
    fn unbounded(&self, parsed: &Parsed) -> Located {
        let is_infinite = |bounds: &[Bound]| bounds.iter().position(|bound| bound.value.is_infinite());
        let (input, side) = match (is_infinite(&self.lower), is_infinite(&self.upper)) {
            (Some(lower), upper) if upper.is_none_or(|upper| lower <= upper) => (lower, "lower"),
            (_, upper) => (upper.unwrap_or_default(), "upper"),
        };
        let name = Variable::Input(input as u32).to_string();
        let line = parsed.input_lines.get(input).copied().unwrap_or(parsed.end);
        Located { line, fault: Fault::Unbounded { name, side, case: self.cases.len() } }
    }

    /// Counts numbers and steps, and fails if there are too many.
    fn grow(&mut self, by: usize) -> Result<(), Located> {
        self.size = self.size.saturating_add(by);
        if self.size <= self.most {
            return Ok(());
        }
        let line = self.agenda.first().map_or(1, |disjunction| disjunction.line);
        Err(Located { line, fault: Fault::TooManyCases { most: self.most } })
    }
}
