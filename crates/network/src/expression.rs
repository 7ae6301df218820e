//! Whole numbers that follow from options, indices and the number of classes: `2 * width`.

use std::fmt;

/// The largest number of operators in an expression.
const MOST_OPERATORS: usize = 64;
/// The largest number of parentheses around a number.
const MOST_PARENTHESES: usize = 32;

/// A whole number, or an expression of numbers and names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression {
    /// A number. It is negative only if it stands alone.
    Number(i64),
    /// An option, an index, or `classes`.
    Name(String),
    /// Two expressions and the operator between them.
    Binary(Box<Self>, Operator, Box<Self>),
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, which must leave no remainder.
    Divide,
}

impl Operator {
    fn symbol(self) -> char {
        match self {
            Self::Add => '+',
            Self::Subtract => '-',
            Self::Multiply => '*',
            Self::Divide => '/',
        }
    }

    /// Operators of higher precedence bind more tightly.
    fn precedence(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => 1,
            Self::Multiply | Self::Divide => 2,
        }
    }
}

/// An expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoValue {
    /// The expression and its numbers.
    pub found: String,
    /// The rule it breaks.
    pub expected: &'static str,
}

/// Whether a text can name an option or an index.
pub(crate) fn is_identifier(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    text.starts_with(letter) && text.len() <= 40 && text.chars().all(|c| letter(c) || c.is_ascii_digit())
}

impl Expression {
    /// Reads an expression. The error says which text was expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { rest: text, operators: 0 };
        let expression = parser.sum(0)?;
        match parser.peek() {
            None => Ok(expression),
            Some(_) => Err(format!("an operator (+ - * /) or the end before {:?}", shortened(parser.rest))),
        }
    }

    /// Its value. `number` is the number of a name.
    pub(crate) fn value(&self, number: &dyn Fn(&str) -> Option<i64>) -> Result<i64, NoValue> {
        match self {
            Self::Number(n) => Ok(*n),
            Self::Name(name) => number(name).ok_or_else(|| NoValue {
                found: name.clone(),
                expected: "an option, an index of a repetition, or classes",
            }),
            Self::Binary(left, operator, right) => {
                let (a, b) = (left.value(number)?, right.value(number)?);
                let result = match operator {
                    Operator::Add => a.checked_add(b),
                    Operator::Subtract => a.checked_sub(b),
                    Operator::Multiply => a.checked_mul(b),
                    Operator::Divide => a.checked_rem(b).filter(|&rest| rest == 0).and_then(|_| a.checked_div(b)),
                };
                result.ok_or_else(|| NoValue {
                    found: format!("{self}, which is {a} {} {b}", operator.symbol()),
                    expected: match operator {
                        Operator::Divide => "a division without remainder",
                        _ => "a number below 2^63",
                    },
                })
            }
        }
    }

    /// Calls `visit` with every name.
    pub(crate) fn for_each_name<'a>(&'a self, visit: &mut dyn FnMut(&'a str)) {
        match self {
            Self::Number(_) => {}
            Self::Name(name) => visit(name),
            Self::Binary(left, _, right) => {
                left.for_each_name(visit);
                right.for_each_name(visit);
            }
        }
    }

    fn write(&self, formatter: &mut fmt::Formatter<'_>, within: u8) -> fmt::Result {
        match self {
            Self::Number(n) => write!(formatter, "{n}"),
            Self::Name(name) => formatter.write_str(name),
            Self::Binary(left, operator, right) => {
                let precedence = operator.precedence();
                let parentheses = precedence < within;
                if parentheses {
                    formatter.write_str("(")?;
                }
                left.write(formatter, precedence)?;
                write!(formatter, " {} ", operator.symbol())?;
                // Operators of equal precedence are read from the left.
                right.write(formatter, precedence + 1)?;
                if parentheses {
                    formatter.write_str(")")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(formatter, 0)
    }
}

/// The first characters of a text.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

struct Parser<'a> {
    rest: &'a str,
    operators: usize,
}

impl<'a> Parser<'a> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
        self.rest.chars().next()
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn operator(&mut self, precedence: u8) -> Result<Option<Operator>, String> {
        let operator = match self.peek() {
            Some('+') => Operator::Add,
            Some('-') => Operator::Subtract,
            Some('*') => Operator::Multiply,
            Some('/') => Operator::Divide,
            _ => return Ok(None),
        };
        if operator.precedence() != precedence {
            return Ok(None);
        }
        self.rest = &self.rest[1..];
        self.operators += 1;
        if self.operators > MOST_OPERATORS {
            return Err(format!("at most {MOST_OPERATORS} operators"));
        }
        Ok(Some(operator))
    }

    fn sum(&mut self, depth: usize) -> Result<Expression, String> {
        let mut left = self.product(depth)?;
        while let Some(operator) = self.operator(1)? {
            left = Expression::Binary(Box::new(left), operator, Box::new(self.product(depth)?));
        }
        Ok(left)
    }

    fn product(&mut self, depth: usize) -> Result<Expression, String> {
        let mut left = self.atom(depth)?;
        while let Some(operator) = self.operator(2)? {
            left = Expression::Binary(Box::new(left), operator, Box::new(self.atom(depth)?));
        }
        Ok(left)
    }

    fn atom(&mut self, depth: usize) -> Result<Expression, String> {
        match self.peek() {
            Some('(') if depth == MOST_PARENTHESES => Err(format!("at most {MOST_PARENTHESES} parentheses")),
            Some('(') => {
                self.rest = &self.rest[1..];
                let inner = self.sum(depth + 1)?;
                if self.peek() != Some(')') {
                    return Err("a closing parenthesis".into());
                }
                self.rest = &self.rest[1..];
                Ok(inner)
            }
            Some(c) if c.is_ascii_digit() => {
                let digits = self.take(|c| c.is_ascii_digit());
                digits.parse().map(Expression::Number).map_err(|_| "a number below 2^63".into())
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let name = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
                Ok(Expression::Name(name.to_owned()))
            }
            _ => Err("a number, a name or an opening parenthesis after each operator".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(name: &str) -> Option<i64> {
        [("width", 16), ("i", 3)].iter().find(|(known, _)| *known == name).map(|(_, n)| *n)
    }

    #[test]
    fn values_and_canonical_text() {
        for (text, value, canonical) in [
            ("3", 3, "3"),
            ("2*width", 32, "2 * width"),
            ("1 + 2 * i", 7, "1 + 2 * i"),
            ("(1 + 2) * i", 9, "(1 + 2) * i"),
            ("20 - 5 - 3", 12, "20 - 5 - 3"),
            ("20 - (5 - 3)", 18, "20 - (5 - 3)"),
            ("width / 8 / 2", 1, "width / 8 / 2"),
            ("((width)) / (8 / 2)", 4, "width / (8 / 2)"),
            ("\t( i )", 3, "i"),
        ] {
            let expression = Expression::parse(text).unwrap();
            assert_eq!(expression.value(&number), Ok(value), "{text}");
            assert_eq!(expression.to_string(), canonical);
            assert_eq!(Expression::parse(canonical), Ok(expression));
        }
    }

    #[test]
    fn texts_that_are_no_expressions() {
        let parentheses = "(".repeat(40);
        let long = "1+".repeat(70) + "1";
        for text in [
            "",
            " ",
            "2 *",
            "* 2",
            "-1",
            "2 3",
            "(2",
            "2)",
            "2 ^ 3",
            "9223372036854775808",
            "1.5",
            "é",
            &parentheses,
            &long,
        ] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn arithmetic_is_checked() {
        for text in [
            "width / 3",
            "width / (i - 3)",
            "9223372036854775807 + 1",
            "9223372036854775807 * 2",
            "0 - 9223372036854775807 - 2",
            "(0 - 9223372036854775807 - 1) / (0 - 1)",
            "depth",
        ] {
            assert!(Expression::parse(text).unwrap().value(&number).is_err(), "{text}");
        }
    }
}
