//! Converts the report's Markdown sentences to HTML.
//!
//! The sentences contain names from files, so everything is escaped and only links within the page stay links.

use super::inline::{escape, wrap};
use super::table::table;
use maud::{Markup, PreEscaped};
use minima_rows::Table;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Paragraphs, lists, code and tables. A table's caption is `caption`.
pub(super) fn prose(markdown: &str, caption: &str) -> Markup {
    let mut page = Writer { caption, ..Writer::default() };
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        page.take(event);
    }
    PreEscaped(page.text)
}

#[derive(Default)]
struct Writer<'a> {
    caption: &'a str,
    text: String,
    table: Option<Table>,
    cell: String,
    row: Vec<String>,
}

impl Writer<'_> {
    fn words(&mut self, part: &str) {
        if self.table.is_some() { self.cell.push_str(part) } else { escape(&mut self.text, part) }
    }

    fn mark(&mut self, markup: &str) {
        if self.table.is_none() {
            self.text.push_str(markup);
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Code(code) if self.table.is_some() => self.cell.push_str(&format!("`{code}`")),
            Event::Code(code) => wrap(&mut self.text, true, &code),
            Event::SoftBreak | Event::HardBreak => self.words("\n"),
            Event::Text(part) | Event::Html(part) | Event::InlineHtml(part) => self.words(&part),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Paragraph => self.mark("<p>"),
            Tag::Heading { level: HeadingLevel::H1 | HeadingLevel::H2, .. } => self.mark("<h3>"),
            Tag::Heading { .. } => self.mark("<h4>"),
            Tag::List(None) => self.mark("<ul>"),
            Tag::List(Some(_)) => self.mark("<ol>"),
            Tag::Item => self.mark("<li>"),
            Tag::CodeBlock(_) => self.mark("<pre tabindex=\"0\"><code>"),
            Tag::Strong => self.mark("<strong>"),
            Tag::Emphasis => self.mark("<em>"),
            Tag::Table(_) => self.table = Some(Table::new(&[])),
            Tag::TableHead | Tag::TableRow => self.row.clear(),
            Tag::TableCell => self.cell.clear(),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.mark("</p>"),
            TagEnd::Heading(HeadingLevel::H1 | HeadingLevel::H2) => self.mark("</h3>"),
            TagEnd::Heading(_) => self.mark("</h4>"),
            TagEnd::List(false) => self.mark("</ul>"),
            TagEnd::List(true) => self.mark("</ol>"),
            TagEnd::Item => self.mark("</li>"),
            TagEnd::CodeBlock => self.mark("</code></pre>"),
            TagEnd::Strong => self.mark("</strong>"),
            TagEnd::Emphasis => self.mark("</em>"),
            TagEnd::TableCell => self.row.push(std::mem::take(&mut self.cell)),
            TagEnd::TableHead | TagEnd::TableRow => {
                let row = std::mem::take(&mut self.row);
                if let Some(table) = &mut self.table {
                    if matches!(tag, TagEnd::TableHead) { table.header = row } else { table.rows.push(row) }
                }
            }
            TagEnd::Table => {
                if let Some(read) = self.table.take() {
                    self.text.push_str(&table(self.caption, &read).into_string());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_escaped_and_no_link_leads_out() {
        let text = "A `code<b>`, **bold**, <script>alert(1)</script> & [words](http://a.b).\n\n- one\n- two\n";
        assert_eq!(
            prose(text, "").into_string(),
            "<p>A <code>code&lt;b&gt;</code>, <strong>bold</strong>, &lt;script&gt;alert(1)&lt;/script&gt; &amp; words.</p>\
             <ul><li>one</li><li>two</li></ul>"
        );
    }

    #[test]
    fn tables_have_a_caption_and_scopes() {
        let found = prose("| name | Δ |\n| :-- | --: |\n| `a<` | +3 |\n| b | -0 |\n", "What is said").into_string();
        assert!(
            found.contains("<caption><span>What is said</span></caption>")
                && found.contains("<th scope=\"col\">name</th>")
        );
        assert!(
            found.contains("<th scope=\"row\"><code>a&lt;</code></th><td><span class=\"more\">+3</span></td>"),
            "{found}"
        );
        assert!(found.contains("<td>\u{2212}0</td>"), "{found}");
    }
}
