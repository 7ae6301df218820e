//! Linear terms of a text.

use crate::error::{Fault, Located};
use crate::linear::Linear;
use crate::number::{looks_like_number, number};
use crate::tokens::{Token, Tokens};
use crate::variable::{Declarations, Variable};

/// The deepest nesting of formulas and terms.
pub(crate) const MOST_DEPTH: usize = 256;
/// What a term has to be.
const EXPECTED: &str = "a number, a variable, or a term with +, -, * or /";

/// Reads a term.
pub(crate) fn term(tokens: &mut Tokens<'_>, declared: &Declarations, depth: usize) -> Result<Linear, Located> {
    match tokens.next()? {
        Token::Word(word) if looks_like_number(word) => {
            number(word).map(Linear::constant).map_err(|fault| tokens.error(fault))
        }
        Token::Word(word) => match Variable::named(word) {
            Some(variable) if declared.contain(variable) => Ok(Linear::variable(variable)),
            Some(variable) => Err(tokens.error(Fault::Undeclared { name: variable.to_string() })),
            None => Err(unexpected(tokens, Token::Word(word))),
        },
        Token::Open if depth > MOST_DEPTH => Err(tokens.error(Fault::Depth { most: MOST_DEPTH })),
        Token::Open => match tokens.next()? {
            Token::Word(operator @ ("+" | "-" | "*" | "/")) => operation(operator, tokens, declared, depth),
            other => Err(unexpected(tokens, other)),
        },
        other => Err(unexpected(tokens, other)),
    }
}

/// Reads the operands of an operation, and `)`. The operations are from left to right.
fn operation(
    operator: &str,
    tokens: &mut Tokens<'_>,
    declared: &Declarations,
    depth: usize,
) -> Result<Linear, Located> {
    let line = tokens.line;
    let located = |fault| Located { line, fault };
    let mut result = term(tokens, declared, depth + 1)?;
    let mut operands = 1_usize;
    loop {
        let mut ahead = *tokens;
        if ahead.next()? == Token::Close {
            *tokens = ahead;
            break;
        }
        let mut operand = term(tokens, declared, depth + 1)?;
        operands += 1;
        match operator {
            "+" => result.add(operand),
            "-" => {
                operand.map(|number| -number);
                result.add(operand);
            }
            "*" => result = product(result, operand).map_err(located)?,
            _ => result = quotient(result, &operand).map_err(located)?,
        }
    }
    match (operator, operands) {
        ("-", 1) => result.map(|number| -number),
        ("/", 1) => {
            let expected = "a dividend and a divisor".to_owned();
            return Err(located(Fault::Syntax { found: "one operand of /".to_owned(), expected }));
        }
        _ => {}
    }
    result.finite("sum").map_err(located)
}

/// The product of two terms, of which one is constant.
fn product(left: Linear, right: Linear) -> Result<Linear, Fault> {
    let (mut scaled, factor) = match (&left.terms[..], &right.terms[..]) {
        ([], _) => (right, left.constant),
        (_, []) => (left, right.constant),
        _ => return Err(Fault::Nonlinear { operation: "product" }),
    };
    scaled.map(|number| number * factor);
    scaled.finite("product")
}

/// The quotient by a constant.
fn quotient(mut left: Linear, right: &Linear) -> Result<Linear, Fault> {
    if !right.terms.is_empty() {
        return Err(Fault::Nonlinear { operation: "quotient" });
    }
    left.map(|number| number / right.constant);
    left.finite("quotient")
}

/// The error of the newest token.
fn unexpected(tokens: &Tokens<'_>, found: Token<'_>) -> Located {
    tokens.error(Fault::Syntax { found: found.shown(), expected: EXPECTED.to_owned() })
}
