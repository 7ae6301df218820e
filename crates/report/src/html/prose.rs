//! Converts a [`Document`] to HTML.

use super::inline::inline;
use super::table::table;
use crate::document::{Block, Document};
use maud::{Markup, html};

/// The document's parts in order.
pub(super) fn prose(document: &Document) -> Markup {
    html! {
        @for block in document.blocks() {
            @match block {
                Block::Paragraph(text) => p { (inline(text)) },
                Block::List(items) => ul { @for item in items { li { (inline(item)) } } },
                Block::Table { caption, table: cells } => (table(caption, cells)),
                Block::Command(command) => pre tabindex="0" { code { (command) "\n" } },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minima_rows::Table;

    #[test]
    fn everything_is_escaped_and_nothing_leads_out() {
        let text = "A `code<b>`, **bold `c`**, <script>alert(1)</script> & [words](http://a.b), 5 % and a ` and a **.";
        let document = Document::of_paragraph(text).list(["one".to_owned(), "two".to_owned()]).command("a > b");
        assert_eq!(
            prose(&document).into_string(),
            "<p>A <code>code&lt;b&gt;</code>, <strong>bold <code>c</code></strong>, &lt;script&gt;alert(1)&lt;/script&gt; &amp; \
             [words](http://a.b), 5\u{a0}% and a ` and a **.</p><ul><li>one</li><li>two</li></ul>\
             <pre tabindex=\"0\"><code>a &gt; b\n</code></pre>"
        );
    }

    #[test]
    fn tables_have_a_caption_and_scopes() {
        let mut cells = Table::new(&["name", "Δ"]);
        cells.rows.push(vec!["`a<`".to_owned(), "+3".to_owned()]);
        cells.rows.push(vec!["b".to_owned(), "-0".to_owned()]);
        let found = prose(&Document::default().table("The caption", cells)).into_string();
        assert!(
            found.contains("<caption><span>The caption</span></caption>")
                && found.contains("<th scope=\"col\">name</th>")
        );
        assert!(
            found.contains("<th scope=\"row\"><code>a&lt;</code></th><td><span class=\"more\">+3</span></td>"),
            "{found}"
        );
        assert!(found.contains("<td>\u{2212}0</td>"), "{found}");
    }
}
