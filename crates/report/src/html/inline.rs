//! Text within a paragraph or a table cell.

use maud::{Escaper, Markup, PreEscaped};
use std::fmt::Write;

/// The marks around code and around strong words, and their elements.
const MARKS: [(&str, &str); 2] = [("`", "code"), ("**", "strong")];

/// A text with code and strong words. Everything is escaped, and a mark without its partner stays as it is.
pub(super) fn inline(text: &str) -> Markup {
    let mut markup = String::new();
    add(&mut markup, text);
    PreEscaped(markup)
}

fn add(markup: &mut String, text: &str) {
    let marked = MARKS.iter().filter_map(|(mark, element)| {
        let (before, rest) = text.split_once(mark)?;
        let (inner, after) = rest.split_once(mark)?;
        Some((before, *element, inner, after))
    });
    // The mark that comes first surrounds the others.
    let Some((before, element, inner, after)) = marked.min_by_key(|(before, ..)| before.len()) else {
        return escape(markup, text);
    };
    escape(markup, before);
    markup.push_str(&format!("<{element}>"));
    if element == "code" {
        escape(markup, inner)
    } else {
        add(markup, inner)
    }
    markup.push_str(&format!("</{element}>"));
    add(markup, after);
}

fn escape(markup: &mut String, text: &str) {
    // A number and its percent sign stay on one line. Writing to a string cannot fail.
    let _ = Escaper::new(markup).write_str(&text.replace(" %", "\u{a0}%"));
}
