//! The parts of every figure: caption, legend, table of numbers, axes and labels.

use super::axis::Axis;
use crate::html::table::table;
use crate::html::theme::Look;
use maud::{Markup, PreEscaped, html};
use minima_rows::Table;

/// Width of a figure in its own units, close to its pixels on a wide screen.
pub(super) const WIDTH: f64 = 520.0;
/// Room for the numbers of the vertical axis.
pub(super) const LEFT: f64 = 62.0;
pub(super) const RIGHT: f64 = 14.0;
pub(super) const TOP: f64 = 26.0;
/// Room for the numbers and the title of the horizontal axis.
pub(super) const BOTTOM: f64 = 48.0;

/// An entry of a legend.
pub(in crate::html) struct Entry {
    pub name: String,
    pub look: Look,
    pub line: bool,
}

/// A figure: caption, note, legend, drawing and numbers.
pub(in crate::html) struct Figure {
    pub caption: String,
    pub note: String,
    pub legend: Vec<Entry>,
    pub drawn: Markup,
    pub numbers: Option<Table>,
}

impl Figure {
    pub(crate) fn markup(&self) -> Markup {
        html! {
            figure {
                figcaption { (self.caption) }
                @if !self.note.is_empty() { p class="note" { (self.note) } }
                @if !self.legend.is_empty() {
                    ul class="legend" {
                        @for entry in &self.legend { li { (entry.look.swatch(entry.line)) (entry.name) } }
                    }
                }
                (self.drawn)
                @if let Some(numbers) = self.numbers.as_ref().filter(|numbers| !numbers.rows.is_empty()) {
                    details {
                        summary { "The numbers of this figure" }
                        (table(&self.caption, numbers))
                    }
                }
            }
        }
    }
}

/// Several drawings side by side, each under a heading.
pub(in crate::html) fn panels(drawn: Vec<(String, Markup)>) -> Markup {
    html! {
        div class="panels" {
            @for (heading, drawing) in drawn { div { p class="panel-title" { (heading) } (drawing) } }
        }
    }
}

/// The drawing's outer element, with a title and a description.
pub(super) fn drawing(title: &str, description: &str, height: f64, content: &str) -> Markup {
    html! {
        svg class="chart" role="img" viewBox={ "0 0 " (WIDTH) " " (height) } {
            title { (title) }
            desc { (description) }
            (PreEscaped(content))
        }
    }
}

/// Text within a drawing, escaped.
pub(super) fn label(at: (f64, f64), anchor: &str, class: &str, words: &str) -> String {
    let (x, y) = at;
    html! { text x=(format!("{x:.1}")) y=(format!("{y:.1}")) text-anchor=(anchor) class=(class) { (words) } }
        .into_string()
}

/// The child element with the text shown on hovering.
pub(super) fn hover(note: &str) -> String {
    html! { title { (note) } }.into_string()
}

/// The horizontal axis below a panel: grid, numbers, title.
pub(super) fn horizontal(axis: &Axis, height: f64) -> String {
    horizontal_from(axis, LEFT, height)
}

/// The horizontal axis with another left end.
pub(super) fn horizontal_from(axis: &Axis, left: f64, height: f64) -> String {
    let bottom = height - BOTTOM;
    let mut text = String::new();
    for (value, words) in axis.ticks() {
        let x = axis.place(value, left, WIDTH - RIGHT);
        text.push_str(&format!("<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom:.1}\"/>"));
        text.push_str(&label((x, bottom + 17.0), "middle", "", &words));
    }
    text.push_str(&format!("<path class=\"base\" d=\"M{left} {bottom:.1}H{:.1}\"/>", WIDTH - RIGHT));
    text + &label(((left + WIDTH - RIGHT) / 2.0, height - 8.0), "middle", "axis-title", axis.title())
}

/// The vertical axis left of a panel: grid, numbers, and its title above.
pub(super) fn vertical(axis: &Axis, height: f64) -> String {
    let bottom = height - BOTTOM;
    let mut text = String::new();
    for (value, words) in axis.ticks() {
        let y = axis.place(value, bottom, TOP);
        text.push_str(&format!("<path class=\"grid\" d=\"M{LEFT} {y:.1}H{:.1}\"/>", WIDTH - RIGHT));
        text.push_str(&label((LEFT - 7.0, y + 4.5), "end", "", &words));
    }
    text + &label((4.0, 13.0), "start", "axis-title", axis.title())
}
