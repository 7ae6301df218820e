//! Commands and formulas of a text.

use crate::error::{Fault, Located};
use crate::formula::{Conjunction, Disjunction};
use crate::linear::at_most;
use crate::terms::{MOST_DEPTH, term};
use crate::tokens::{Token, Tokens};
use crate::variable::{Declarations, Variable};

/// Commands that change nothing about the property.
const WITHOUT_EFFECT: [&str; 7] =
    ["check-sat", "echo", "get-model", "get-value", "set-info", "set-logic", "set-option"];

/// A text: its variables, and the conjunction of its assertions.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The line of each input's declaration.
    pub input_lines: Vec<usize>,
    /// The number of outputs.
    pub outputs: usize,
    pub assertions: Conjunction,
    /// The last line.
    pub end: usize,
}

/// Reads a text.
pub(crate) fn parsed(text: &str) -> Result<Parsed, Located> {
    let mut parser = Parser { tokens: Tokens::new(text), declared: Declarations::default() };
    let mut assertions = Conjunction::default();
    while parser.command(&mut assertions)? {}
    let Parser { tokens, declared } = parser;
    let input_lines = declared.lines(Variable::Input)?;
    let outputs = declared.lines(Variable::Output)?.len();
    for (count, name) in [(input_lines.len(), "X_0"), (outputs, "Y_0")] {
        if count == 0 {
            let found = format!("no declaration of {name}");
            return Err(tokens.error(Fault::Syntax { found, expected: "at least one input and one output".into() }));
        }
    }
    Ok(Parsed { input_lines, outputs, assertions, end: tokens.line })
}

struct Parser<'a> {
    tokens: Tokens<'a>,
    declared: Declarations,
}

impl<'a> Parser<'a> {
    /// Reads a command. Returns whether another may follow.
    fn command(&mut self, assertions: &mut Conjunction) -> Result<bool, Located> {
        match self.tokens.next()? {
            Token::End => return Ok(false),
            Token::Open => {}
            other => return Err(self.unexpected(other, "a command in parentheses")),
        }
        match self.tokens.next()? {
            Token::Word("declare-const") => self.declaration(false)?,
            Token::Word("declare-fun") => self.declaration(true)?,
            Token::Word("assert") => {
                self.conjoin(assertions, 1)?;
                self.expect(Token::Close, "only one formula in an assertion")?;
            }
            Token::Word("exit") => {
                self.expect(Token::Close, "(exit)")?;
                return Ok(false);
            }
            Token::Word(word) if WITHOUT_EFFECT.contains(&word) => self.skip_command()?,
            other => {
                let expected = format!("declare-const, declare-fun, assert, exit or {}", WITHOUT_EFFECT.join(", "));
                return Err(self.unexpected(other, &expected));
            }
        }
        Ok(true)
    }

    /// Reads the rest of `(declare-const X_0 Real)` or `(declare-fun X_0 () Real)`.
    fn declaration(&mut self, is_function: bool) -> Result<(), Located> {
        let token = self.tokens.next()?;
        let variable = match token {
            Token::Word(name) => Variable::named(name),
            _ => None,
        };
        let Some(variable) = variable else {
            return Err(self.unexpected(token, "an input X_0, X_1, … or an output Y_0, Y_1, …"));
        };
        self.declared.add(variable, self.tokens.line)?;
        if is_function {
            self.expect(Token::Open, "() for a function without arguments")?;
            self.expect(Token::Close, "() for a function without arguments")?;
        }
        self.expect(Token::Word("Real"), "the sort Real")?;
        self.expect(Token::Close, ") at the end of the declaration")
    }

    /// Skips the rest of a command.
    fn skip_command(&mut self) -> Result<(), Located> {
        let mut open = 1_usize;
        while open > 0 {
            match self.tokens.next()? {
                Token::Open => open += 1,
                Token::Close => open -= 1,
                Token::Word(_) | Token::Quoted => {}
                Token::End => return Err(self.unexpected(Token::End, ") at the end of the command")),
            }
        }
        Ok(())
    }

    /// Reads a formula and adds it to a conjunction.
    fn conjoin(&mut self, into: &mut Conjunction, depth: usize) -> Result<(), Located> {
        match self.operator(depth)? {
            "and" => self.parts(|parser| parser.conjoin(into, depth + 1)),
            "or" => {
                let line = self.tokens.line;
                let mut options = Vec::new();
                self.parts(|parser| parser.disjoin(&mut options, depth + 1))?;
                match options.pop() {
                    Some(only) if options.is_empty() => into.append(only),
                    Some(last) => {
                        options.push(last);
                        into.disjunctions.push(Disjunction { line, options });
                    }
                    None => {}
                }
                Ok(())
            }
            operator => self.comparison(operator, into, depth),
        }
    }

    /// Reads a formula and adds it to the options of a disjunction.
    fn disjoin(&mut self, options: &mut Vec<Conjunction>, depth: usize) -> Result<(), Located> {
        let mut ahead = self.tokens;
        if ahead.next()? == Token::Open && ahead.next()? == Token::Word("or") {
            self.operator(depth)?;
            return self.parts(|parser| parser.disjoin(options, depth + 1));
        }
        let mut option = Conjunction::default();
        self.conjoin(&mut option, depth)?;
        options.push(option);
        Ok(())
    }

    /// Reads `(` and the operator of a formula.
    fn operator(&mut self, depth: usize) -> Result<&'a str, Located> {
        self.expect(Token::Open, "a formula in parentheses")?;
        if depth > MOST_DEPTH {
            return Err(self.tokens.error(Fault::Depth { most: MOST_DEPTH }));
        }
        match self.tokens.next()? {
            Token::Word(operator @ ("and" | "or" | "<=" | ">=" | "=")) => Ok(operator),
            other => Err(self.unexpected(other, "and, or, <=, >= or =")),
        }
    }

    /// Reads one part or more, and `)`.
    fn parts(&mut self, mut read: impl FnMut(&mut Self) -> Result<(), Located>) -> Result<(), Located> {
        read(self)?;
        loop {
            let mut ahead = self.tokens;
            if ahead.next()? == Token::Close {
                self.tokens = ahead;
                return Ok(());
            }
            read(self)?;
        }
    }

    /// Reads the terms of a comparison, two or more, of which each is compared with the next.
    fn comparison(&mut self, operator: &str, into: &mut Conjunction, depth: usize) -> Result<(), Located> {
        let line = self.tokens.line;
        let located = |fault| Located { line, fault };
        let mut left = None;
        let mut compared = false;
        loop {
            let mut ahead = self.tokens;
            if compared && ahead.next()? == Token::Close {
                self.tokens = ahead;
                return Ok(());
            }
            let right = term(&mut self.tokens, &self.declared, depth + 1)?;
            if let Some(left) = left.replace(right.clone()) {
                compared = true;
                if operator != ">=" {
                    into.atoms.extend(at_most(Clone::clone(&left), right.clone(), line).map_err(located)?);
                }
                if operator != "<=" {
                    into.atoms.extend(at_most(right, left, line).map_err(located)?);
                }
            }
        }
    }

    /// Reads a token, which has to be this one.
    fn expect(&mut self, token: Token<'_>, expected: &str) -> Result<(), Located> {
        let found = self.tokens.next()?;
        if found == token { Ok(()) } else { Err(self.unexpected(found, expected)) }
    }

    /// The error of the newest token.
    fn unexpected(&self, found: Token<'_>, expected: &str) -> Located {
        self.tokens.error(Fault::Syntax { found: found.shown(), expected: expected.to_owned() })
    }
}
