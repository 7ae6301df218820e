//! Text within a paragraph or a table cell.

use maud::{Escaper, Markup, PreEscaped};
use std::fmt::Write;

/// Text within a paragraph or cell, with code as the only markup.
pub(super) fn inline(markdown: &str) -> Markup {
    let mut text = String::new();
    for (place, part) in markdown.split('`').enumerate() {
        wrap(&mut text, place % 2 == 1, part);
    }
    PreEscaped(text)
}

/// Adds escaped text, within an element `code` if it is code.
pub(super) fn wrap(text: &mut String, code: bool, part: &str) {
    if code {
        text.push_str("<code>");
    }
    escape(text, part);
    if code {
        text.push_str("</code>");
    }
}

/// Adds escaped text.
pub(super) fn escape(text: &mut String, part: &str) {
    // A number and its percent sign stay on one line. Writing to a string cannot fail.
    let _ = Escaper::new(text).write_str(&part.replace(" %", "\u{a0}%"));
}
