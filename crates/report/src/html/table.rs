//! Tables.

use super::inline::inline;
use maud::{Markup, html};
use minima_rows::Table;

/// Cells with more characters may break across lines.
const LONG: usize = 40;

/// The kind of content of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    /// The names of the rows.
    Name,
    /// Numbers, or placeholders for numbers.
    Number,
    /// Signed differences.
    Difference,
    /// Words.
    Words,
    /// Sentences, which may break across lines.
    Long,
}

impl Column {
    fn of(table: &Table, column: usize) -> Self {
        let cells = || table.rows.iter().filter_map(|row| row.get(column));
        let is_word = |cell: &&String| {
            cell.chars().next().is_some_and(|first| first.is_alphabetic() || first == '(' || first == '`')
        };
        match table.header.get(column) {
            _ if column == 0 => Self::Name,
            Some(name) if name == "Δ" => Self::Difference,
            _ if cells().any(|cell| cell.chars().count() > LONG) => Self::Long,
            _ if cells().next().is_some() && cells().all(|cell| is_word(&cell) || cell.is_empty()) => Self::Words,
            _ => Self::Number,
        }
    }

    fn class(self) -> Option<&'static str> {
        match self {
            Self::Words => Some("words"),
            Self::Long => Some("long"),
            Self::Name | Self::Number | Self::Difference => None,
        }
    }
}

/// A table with a caption, in a box that scrolls if the table is too wide. Columns named Δ contain differences, which are signed
/// and coloured.
pub(super) fn table(caption: &str, table: &Table) -> Markup {
    let columns: Vec<Column> = (0..table.header.len()).map(|column| Column::of(table, column)).collect();
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { span { (caption) } }
                thead {
                    tr {
                        @for (name, column) in table.header.iter().zip(&columns) {
                            th scope="col" class=[column.class()] { (inline(name)) }
                        }
                    }
                }
                tbody {
                    @for row in &table.rows {
                        tr { @for (cell, column) in row.iter().zip(&columns) { (self::cell(cell, *column)) } }
                    }
                }
            }
        }
    }
}

fn cell(cell: &str, column: Column) -> Markup {
    html! {
        @match column {
            Column::Name => th scope="row" class=[(cell.chars().count() > LONG).then_some("long")] { (inline(cell)) },
            Column::Difference => td { (difference(cell)) },
            Column::Number => td { (inline(&number(cell))) },
            Column::Words | Column::Long => td class=[column.class()] { (verdict(cell)) },
        }
    }
}

/// A number with a minus sign as wide as a plus; other text unchanged.
fn number(cell: &str) -> String {
    let is_number = cell.starts_with(|first: char| matches!(first, '-' | '+') || first.is_ascii_digit());
    if is_number { cell.replace('-', "\u{2212}") } else { cell.to_owned() }
}

/// A signed number, coloured if it is not zero. The colour repeats the sign.
fn difference(cell: &str) -> Markup {
    let zero = cell.chars().all(|c| matches!(c, '+' | '-' | '0' | '.'));
    let words = cell.replace('-', "\u{2212}");
    match cell.chars().next() {
        Some('+') if !zero => html! { span class="more" { (words) } },
        Some('-') if !zero => html! { span class="less" { (words) } },
        _ => html! { (words) },
    }
}

/// A cell; a verdict is coloured.
fn verdict(cell: &str) -> Markup {
    match cell {
        "holds" | "fails" | "negligible" | "undecided" | "pass" | "fail" => html! { span class=(cell) { (cell) } },
        _ => inline(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_minus_of_a_number_is_as_wide_as_a_plus() {
        let shown = ["-1 (-2 to +3)", "+1 (-2 to +3)", "0.5 (-0.1 to 1)", "K-FAC", "–"].map(number);
        assert_eq!(shown, ["−1 (−2 to +3)", "+1 (−2 to +3)", "0.5 (−0.1 to 1)", "K-FAC", "–"]);
    }
}
