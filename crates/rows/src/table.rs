//! Text tables, for a terminal and for Markdown.

/// A text table. The first column is aligned to the left, the others to the right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns' names.
    pub header: Vec<String>,
    /// The cells of each row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    /// The table with aligned columns for a terminal.
    pub fn to_text(&self) -> String {
        let widths = self.widths(0);
        let rule = widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>().join("  ");
        let mut lines = vec![aligned(&self.header, &widths).join("  "), rule];
        lines.extend(self.rows.iter().map(|row| aligned(row, &widths).join("  ")));
        lines.iter().map(|line| line.trim_end().to_owned() + "\n").collect()
    }

    /// The table in Markdown. Bars and line breaks in cells are escaped.
    pub fn to_markdown(&self) -> String {
        let whole = |cells: &Vec<String>| cells.iter().map(|cell| escaped(cell)).collect();
        Self { header: whole(&self.header), rows: self.rows.iter().map(whole).collect() }.markdown()
    }

    /// The table in Markdown, if its cells are already escaped.
    fn markdown(&self) -> String {
        let widths = self.widths(3);
        let line = |cells: &[String]| format!("| {} |\n", aligned(cells, &widths).join(" | "));
        let rule: Vec<String> = widths
            .iter()
            .enumerate()
            .map(|(column, width)| match column {
                0 => format!(":{}", "-".repeat(width - 1)),
                _ => format!("{}:", "-".repeat(width - 1)),
            })
            .collect();
        let body: String = self.rows.iter().map(|row| line(row)).collect();
        line(&self.header) + &line(&rule) + &body
    }

    fn widths(&self, least: usize) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.chain(self.header.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0).max(least)
        };
        (0..self.header.len()).map(width).collect()
    }
}

/// A cell for Markdown: one line, with escaped bars.
fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|").replace("\r\n", " ").replace(['\n', '\r'], " ")
}

fn aligned(cells: &[String], widths: &[usize]) -> Vec<String> {
    cells
        .iter()
        .zip(widths)
        .enumerate()
        .map(|(column, (cell, width))| if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_a_cell_in_markdown() {
        let mut table = Table::new(&["a", "b"]);
        table.rows.push(vec!["x | y".to_owned(), "two\nlines".to_owned()]);
        let text = table.to_markdown();
        assert_eq!(text.lines().last(), Some("| x \\| y | two lines |"));
    }
}
