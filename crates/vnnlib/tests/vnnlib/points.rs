//! Random formulas and their normal forms hold at the same points.

use minima_rng::Key;
use minima_vnnlib::{Fault, VnnlibError, parse};

const INPUTS: usize = 2;
const OUTPUTS: usize = 3;

/// Inputs and outputs.
type Point = ([f64; INPUTS], [f64; OUTPUTS]);

/// A term as a tree. Its numbers are small multiples of ¼, so that all results are exact.
enum Term {
    Number(f64),
    Input(usize),
    Output(usize),
    Sum(Vec<Term>),
    Difference(Vec<Term>),
    Product(f64, Box<Term>),
    Quotient(Box<Term>, f64),
}

enum Formula {
    And(Vec<Formula>),
    Or(Vec<Formula>),
    Compare(&'static str, Vec<Term>),
}

impl Term {
    fn text(&self) -> String {
        match self {
            Self::Number(value) => format!("{value}"),
            Self::Input(i) => format!("X_{i}"),
            Self::Output(j) => format!("Y_{j}"),
            Self::Sum(terms) => format!("(+{})", joined(terms, Self::text)),
            Self::Difference(terms) => format!("(-{})", joined(terms, Self::text)),
            Self::Product(factor, term) if *factor > 0.0 => format!("(* {factor} {})", term.text()),
            Self::Product(factor, term) => format!("(* {} {factor})", term.text()),
            Self::Quotient(term, divisor) => format!("(/ {} {divisor})", term.text()),
        }
    }

    fn value(&self, point: &Point) -> f64 {
        match self {
            Self::Number(value) => *value,
            Self::Input(i) => point.0[*i],
            Self::Output(j) => point.1[*j],
            Self::Sum(terms) => terms.iter().map(|term| term.value(point)).sum(),
            Self::Difference(terms) if terms.len() == 1 => -terms[0].value(point),
            Self::Difference(terms) => {
                terms[0].value(point) - terms[1..].iter().map(|term| term.value(point)).sum::<f64>()
            }
            Self::Product(factor, term) => factor * term.value(point),
            Self::Quotient(term, divisor) => term.value(point) / divisor,
        }
    }
}

impl Formula {
    fn text(&self) -> String {
        match self {
            Self::And(parts) => format!("(and{})", joined(parts, Self::text)),
            Self::Or(parts) => format!("(or{})", joined(parts, Self::text)),
            Self::Compare(operator, terms) => format!("({operator}{})", joined(terms, Term::text)),
        }
    }

    fn holds(&self, point: &Point) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.holds(point)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(point)),
            Self::Compare(operator, terms) => terms.windows(2).all(|pair| {
                let (left, right) = (pair[0].value(point), pair[1].value(point));
                match *operator {
                    "<=" => left <= right,
                    ">=" => left >= right,
                    _ => left == right,
                }
            }),
        }
    }
}

fn joined<T>(parts: &[T], text: fn(&T) -> String) -> String {
    parts.iter().map(|part| format!(" {}", text(part))).collect()
}

/// Random numbers, determined by a key.
struct Draws {
    key: Key,
    position: u64,
}

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.position += 1;
        self.key.word(self.position) as usize % bound
    }

    /// A multiple of ½ from −3 to 3.
    fn half(&mut self) -> f64 {
        self.below(13) as f64 / 2.0 - 3.0
    }

    fn point(&mut self) -> Point {
        (std::array::from_fn(|_| self.half()), std::array::from_fn(|_| self.half()))
    }

    /// A term in which all variables are outputs, or all are this input.
    fn term(&mut self, input: Option<usize>, depth: usize) -> Term {
        match self.below(if depth == 0 { 3 } else { 7 }) {
            0 => Term::Number(self.half()),
            1 | 2 => match input {
                Some(input) => Term::Input(input),
                None => Term::Output(self.below(OUTPUTS)),
            },
            3 => Term::Sum(self.terms(input, depth)),
            4 => Term::Difference(self.terms(input, depth)),
            5 => Term::Product(self.half(), Box::new(self.term(input, depth - 1))),
            _ => Term::Quotient(Box::new(self.term(input, depth - 1)), [2.0, -4.0, 0.5][self.below(3)]),
        }
    }

    fn terms(&mut self, input: Option<usize>, depth: usize) -> Vec<Term> {
        (0..=self.below(3)).map(|_| self.term(input, depth - 1)).collect()
    }

    fn formula(&mut self, depth: usize) -> Formula {
        match self.below(if depth == 0 { 4 } else { 10 }) {
            0..=3 => {
                let operator = ["<=", ">=", "<=", ">=", "="][self.below(5)];
                let input = [None, Some(0), Some(1)][self.below(3)];
                Formula::Compare(operator, (0..2 + self.below(2)).map(|_| self.term(input, 2)).collect())
            }
            4..=6 => Formula::And(self.formulas(depth)),
            _ => Formula::Or(self.formulas(depth)),
        }
    }

    fn formulas(&mut self, depth: usize) -> Vec<Formula> {
        (0..=self.below(3)).map(|_| self.formula(depth - 1)).collect()
    }
}

/// Bounds of every input, for all cases or for one of several boxes.
fn bounds(draws: &mut Draws) -> Formula {
    let input = |i| Term::Input(i);
    let mut one = || {
        let bounds = (0..INPUTS).map(|i| {
            let (a, b) = (draws.half(), draws.half());
            Formula::Compare("<=", vec![Term::Number(a.min(b)), input(i), Term::Number(a.max(b))])
        });
        Formula::And(bounds.collect())
    };
    let boxes = vec![one(), one(), one()];
    if draws.below(2) == 0 { Formula::Or(boxes) } else { Formula::And(boxes.into_iter().take(1).collect()) }
}

#[test]
fn formulas_and_normal_forms_hold_at_the_same_points() {
    let mut draws = Draws { key: Key::new(5), position: 0 };
    let (mut inside, mut outside, mut empty, mut cases) = (0, 0, 0, 0);
    for number in 0..3_000 {
        let mut assertions = vec![bounds(&mut draws), draws.formula(3), draws.formula(2)];
        assertions.rotate_left(draws.below(3));
        let names = (0..INPUTS).map(|i| format!("X_{i}")).chain((0..OUTPUTS).map(|j| format!("Y_{j}")));
        let mut text: String = names.map(|name| format!("(declare-const {name} Real)\n")).collect();
        for assertion in &assertions {
            text += &format!("(assert {})\n", assertion.text());
        }
        let property = match parse(&text, "random") {
            Ok(property) => Some(property),
            Err(VnnlibError::Content { fault: Fault::Contradiction { .. }, .. }) => None,
            Err(error) => panic!("{error}\n{text}"),
        };
        empty += usize::from(property.is_none());
        if let Some(property) = &property {
            cases += property.cases().len();
            assert_eq!(&parse(&property.to_text(), "again").unwrap(), property, "{text}");
        }
        for _ in 0..200 {
            let point = draws.point();
            let expected = assertions.iter().all(|assertion| assertion.holds(&point));
            let found = property.as_ref().is_some_and(|it| it.violated_case(&point.0, &point.1).is_some());
            assert_eq!(found, expected, "formula {number} at {point:?}:\n{text}");
            *(if found { &mut inside } else { &mut outside }) += 1;
        }
    }
    // The points are on both sides often enough to tell a wrong normal form.
    assert!(inside > 20_000 && outside > 20_000 && empty > 50 && cases > 6_000, "{inside} {outside} {empty} {cases}");
}
