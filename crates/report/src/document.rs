//! The text of a report, behind both Markdown and HTML.

use minima_rows::Table;

/// A part of a document. A text may contain `` `code` `` and `**strong words**`, and no other markup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(String),
    /// A list with one text per item.
    List(Vec<String>),
    /// A table.
    Table {
        /// The caption, which only HTML shows.
        caption: String,
        /// The cells, which are texts.
        table: Table,
    },
    /// A command for a shell, on one line.
    Command(String),
}

/// Paragraphs, lists, tables and commands in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    blocks: Vec<Block>,
}

impl Document {
    /// A document with one paragraph.
    pub fn of_paragraph(text: impl Into<String>) -> Self {
        Self::default().paragraph(text)
    }

    /// A document with one list, empty without items.
    pub fn of_list(items: impl IntoIterator<Item = String>) -> Self {
        Self::default().list(items)
    }

    /// Adds a paragraph.
    #[must_use]
    pub fn paragraph(self, text: impl Into<String>) -> Self {
        self.with(Block::Paragraph(text.into()))
    }

    /// Adds a list. Without items the document stays as it is.
    #[must_use]
    pub fn list(self, items: impl IntoIterator<Item = String>) -> Self {
        let items: Vec<String> = items.into_iter().collect();
        if items.is_empty() { self } else { self.with(Block::List(items)) }
    }

    /// Adds a table. Without rows the document stays as it is.
    #[must_use]
    pub fn table(self, caption: impl Into<String>, table: Table) -> Self {
        if table.rows.is_empty() { self } else { self.with(Block::Table { caption: caption.into(), table }) }
    }

    /// Adds a command for a shell.
    #[must_use]
    pub fn command(self, command: impl Into<String>) -> Self {
        self.with(Block::Command(command.into()))
    }

    /// Adds the parts of another document.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.blocks.extend(other.blocks);
        self
    }

    /// The parts in order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Whether the document has no part.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The document, or `None` if it is empty.
    #[must_use]
    pub fn non_empty(self) -> Option<Self> {
        (!self.is_empty()).then_some(self)
    }

    /// The document in Markdown. Parts are separated by empty lines.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let parts: Vec<String> = self.blocks.iter().map(markdown).collect();
        parts.join("\n")
    }

    fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }
}

fn markdown(block: &Block) -> String {
    match block {
        Block::Paragraph(text) => format!("{text}\n"),
        Block::List(items) => items.iter().map(|item| format!("- {item}\n")).collect(),
        Block::Table { table, .. } => table.to_markdown(),
        Block::Command(command) => format!("```sh\n{command}\n```\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_separated_by_empty_lines() {
        let mut table = Table::new(&["a", "b"]);
        let empty = Document::default().list([]).table("nothing", table.clone());
        assert!(empty.is_empty() && empty.non_empty().is_none());
        table.rows.push(vec!["x".to_owned(), "1".to_owned()]);
        let document = Document::of_paragraph("Words.")
            .list(["one".to_owned(), "**two** `code`".to_owned()])
            .table("numbers", table)
            .command("cargo xtask report");
        let expected = "Words.\n\n- one\n- **two** `code`\n\n| a   |   b |\n| :-- | --: |\n| x   |   1 |\n\n```sh\ncargo xtask report\n```\n";
        assert_eq!(document.to_markdown(), expected);
    }
}
