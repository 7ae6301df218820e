//! Tables.

use super::prose::inline;
use crate::tables::Table;
use maud::{Markup, html};

/// A table with a caption, in a box that scrolls where it is too wide. Differences, the columns named Δ, are signed and coloured.
pub(super) fn table(caption: &str, table: &Table) -> Markup {
    let differences: Vec<bool> = table.header.iter().map(|name| name == "Δ").collect();
    let words: Vec<bool> = (0..table.header.len()).map(|column| is_words(table, column)).collect();
    html! {
        div class="scroll" tabindex="0" role="region" aria-label=(caption) {
            table {
                caption { (caption) }
                thead { tr { @for name in &table.header { th scope="col" { (inline(name)) } } } }
                tbody {
                    @for row in &table.rows {
                        tr {
                            @for (column, cell) in row.iter().enumerate() {
                                @if column == 0 {
                                    th scope="row" { (inline(cell)) }
                                } @else if differences.get(column) == Some(&true) {
                                    td { (difference(cell)) }
                                } @else if words.get(column) == Some(&true) {
                                    td class="words" { (inline(cell)) }
                                } @else {
                                    td { (verdict(cell)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whether a column holds sentences.
fn is_words(table: &Table, column: usize) -> bool {
    table.rows.iter().filter_map(|row| row.get(column)).any(|cell| cell.chars().count() > 40)
}

/// A signed number, coloured where it is not zero; the sign says the same.
fn difference(cell: &str) -> Markup {
    let zero = cell.chars().all(|c| matches!(c, '+' | '-' | '0' | '.'));
    let class = match cell.chars().next() {
        Some('+') if !zero => "more",
        Some('-') if !zero => "less",
        _ => "",
    };
    html! { @if class.is_empty() { (cell.replace('-', "\u{2212}")) } @else { span class=(class) { (cell.replace('-', "\u{2212}")) } } }
}

/// A cell; one that is a verdict is coloured like one.
fn verdict(cell: &str) -> Markup {
    match cell {
        "holds" | "fails" | "undecided" => html! { span class=(cell) { (cell) } },
        _ => inline(cell),
    }
}
