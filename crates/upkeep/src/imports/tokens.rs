/// A token of Rust, or a group of them between brackets, with the line that it starts on.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

/// The tokens that imports are made of. Comments, literals and lifetimes contain no imports.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Word(String),
    /// `::`
    Separator,
    Mark(char),
    /// A literal or a lifetime.
    Other,
    /// A group, with the bracket that opens it.
    Group(char, Vec<Tree>),
}

impl Tree {
    /// The identifier or keyword, if it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    pub(super) fn is_mark(&self, mark: char) -> bool {
        matches!(self.kind, Kind::Mark(found) if found == mark)
    }

    /// The trees between this bracket and the one that closes it.
    pub(super) fn group(&self, bracket: char) -> Option<&[Tree]> {
        match &self.kind {
            Kind::Group(opened, inner) if *opened == bracket => Some(inner),
            _ => None,
        }
    }
}

/// The tokens of a file. A bracket that nothing closes ends with the file.
pub(super) fn trees(text: &str) -> Vec<Tree> {
    // The innermost group is last; the first is the file itself.
    let mut open: Vec<(char, usize, Vec<Tree>)> = Vec::new();
    let mut current = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let (length, kind) = first_token(rest);
        let Some((consumed, after)) = rest.split_at_checked(length.max(1)) else { break };
        match kind {
            Some(Kind::Mark(bracket @ ('(' | '[' | '{'))) => open.push((bracket, line, std::mem::take(&mut current))),
            Some(Kind::Mark(')' | ']' | '}')) => {
                if let Some(group) = open.pop() {
                    close(group, &mut current);
                }
            }
            Some(kind) => current.push(Tree { line, kind }),
            None => {}
        }
        line += consumed.matches('\n').count();
        rest = after;
    }
    while let Some(group) = open.pop() {
        close(group, &mut current);
    }
    current
}

/// Puts the group of `current` at the end of the trees around it.
fn close((bracket, line, mut outer): (char, usize, Vec<Tree>), current: &mut Vec<Tree>) {
    outer.push(Tree { line, kind: Kind::Group(bracket, std::mem::take(current)) });
    *current = outer;
}

/// The length in bytes of the first token, comment or space, and the token.
fn first_token(rest: &str) -> (usize, Option<Kind>) {
    let Some(first) = rest.chars().next() else { return (0, None) };
    if rest.starts_with("//") {
        (rest.find('\n').unwrap_or(rest.len()), None)
    } else if rest.starts_with("/*") {
        (block_comment(rest), None)
    } else if let Some(length) = raw_string(rest).or_else(|| string(rest)).or_else(|| character(rest)) {
        (length, Some(Kind::Other))
    } else if first.is_whitespace() {
        (first.len_utf8(), None)
    } else if first.is_alphabetic() || first == '_' {
        let raw = if rest.starts_with("r#") { 2 } else { 0 };
        let word = rest.get(raw..).unwrap_or_default();
        let length = word_length(word);
        (raw + length, word.get(..length).map(|word| Kind::Word(word.to_owned())))
    } else if first.is_ascii_digit() {
        (word_length(rest), Some(Kind::Other))
    } else if rest.starts_with("::") {
        (2, Some(Kind::Separator))
    } else {
        (first.len_utf8(), Some(Kind::Mark(first)))
    }
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// The length of a block comment, with those nested in it.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(after) = rest.get(at..).filter(|after| !after.is_empty()) {
        if after.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if after.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += after.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a raw string, if one starts here.
fn raw_string(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let text = after.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text.find(&end).map_or(text.len(), |at| at + end.len());
    Some(rest.len() - text.len() + length)
}

/// The length of a string, if one starts here.
fn string(rest: &str) -> Option<usize> {
    let text = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('"')?;
    Some(rest.len() - text.len() + quoted(text, '"'))
}

/// The length of a character or a lifetime, if one starts here.
fn character(rest: &str) -> Option<usize> {
    let text = rest.strip_prefix('b').unwrap_or(rest).strip_prefix('\'')?;
    let before = rest.len() - text.len();
    let mut characters = text.chars();
    let first = characters.next()?;
    if first == '\\' || characters.next() == Some('\'') {
        return Some(before + quoted(text, '\''));
    }
    Some(before + word_length(text))
}

/// The length up to and with the quote that ends this text.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices() {
        if character == quote && !is_escaped {
            return at + character.len_utf8();
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    text.len()
}
