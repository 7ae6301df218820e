//! The words and parentheses of a text, with their lines.

use crate::error::{Fault, Located};

/// The largest number of characters of a word in an error.
const MOST_SHOWN: usize = 40;

/// A token of SMT-LIB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    Open,
    Close,
    /// A name, number or keyword.
    Word(&'a str),
    /// A string or a quoted name, whose content has no meaning here.
    Quoted,
    /// The end of the text.
    End,
}

impl Token<'_> {
    /// The token in an error.
    pub(crate) fn shown(self) -> String {
        match self {
            Self::Open => "(".to_owned(),
            Self::Close => ")".to_owned(),
            Self::Word(word) => shown(word),
            Self::Quoted => "a quoted text".to_owned(),
            Self::End => "the end of the file".to_owned(),
        }
    }
}

/// A word in an error, shortened.
pub(crate) fn shown(word: &str) -> String {
    match word.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", word.get(..end).unwrap_or_default()),
        None => word.to_owned(),
    }
}

/// The tokens of a text. A copy looks ahead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens<'a> {
    rest: &'a str,
    /// The line at the start of `rest`.
    next_line: usize,
    /// The line at which the newest token starts.
    pub line: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text, next_line: 1, line: 1 }
    }

    /// A fault at the newest token.
    pub(crate) fn error(&self, fault: Fault) -> Located {
        Located { line: self.line, fault }
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Result<Token<'a>, Located> {
        self.skip_blank();
        self.line = self.next_line;
        let Some(&first) = self.rest.as_bytes().first() else { return Ok(Token::End) };
        match first {
            b'(' => {
                self.advance(1);
                Ok(Token::Open)
            }
            b')' => {
                self.advance(1);
                Ok(Token::Close)
            }
            b'"' | b'|' => match self.rest.bytes().skip(1).position(|byte| byte == first) {
                Some(length) => {
                    self.advance(length + 2);
                    Ok(Token::Quoted)
                }
                None => Err(self.error(Fault::Syntax {
                    found: format!("{} without its end", char::from(first)),
                    expected: "a quoted text that ends".to_owned(),
                })),
            },
            _ => {
                let length = self.rest.bytes().position(ends_word).unwrap_or(self.rest.len());
                Ok(Token::Word(self.advance(length)))
            }
        }
    }

    /// Skips spaces, line ends and comments.
    fn skip_blank(&mut self) {
        loop {
            let blank = self.rest.bytes().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(self.rest.len());
            self.advance(blank);
            if !self.rest.starts_with(';') {
                return;
            }
            let comment = self.rest.bytes().position(|byte| byte == b'\n').unwrap_or(self.rest.len());
            self.advance(comment);
        }
    }

    /// Takes the next `length` bytes, which end between two characters.
    fn advance(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.next_line += taken.bytes().filter(|&byte| byte == b'\n').count();
        self.rest = rest;
        taken
    }
}

/// Whether a byte is the first after a word.
fn ends_word(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'(' | b')' | b';' | b'"' | b'|')
}
