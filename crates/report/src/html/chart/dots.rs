//! Values of several seeds by name: one line per name, one dot per seed, and a bar from the smallest to the largest value.

use super::Axis;
use super::frame::{BOTTOM, RIGHT, TOP, WIDTH, drawing, horizontal_from, hover, label};
use crate::html::theme::Look;
use maud::Markup;

/// The start of the horizontal axis. Names are above their lines, so they need no margin.
const EDGE: f64 = 16.0;
/// Height of a name and of the line of each kind.
const NAME: f64 = 24.0;
const KIND: f64 = 16.0;

/// The values of each seed for each compared kind.
#[derive(Clone, Debug)]
pub(in crate::html) struct DotRow {
    pub name: String,
    pub look: Look,
    /// For each kind, its values and their descriptions.
    pub values: Vec<Vec<(f64, String)>>,
}

/// Stacked names on one horizontal axis. Dots of the first kind are filled, dots of the others hollow.
#[derive(Clone, Debug)]
pub(in crate::html) struct Dots {
    pub title: String,
    pub x: Axis,
    pub kinds: Vec<String>,
    pub rows: Vec<DotRow>,
}

impl Dots {
    /// The drawing.
    pub(crate) fn svg(&self) -> Markup {
        let line = NAME + KIND * self.kinds.len() as f64;
        let height = TOP + self.rows.len() as f64 * line + BOTTOM;
        let mut content = horizontal_from(&self.x, EDGE, height);
        for (index, row) in self.rows.iter().enumerate() {
            let top = TOP - 6.0 + index as f64 * line;
            content.push_str(&label((0.0, top + 16.0), "start", "name", &row.name));
            content.push_str(&format!("<g class=\"{}\">", row.look.class()));
            for (kind, values) in row.values.iter().enumerate() {
                let y = top + NAME + (kind as f64 + 0.4) * KIND;
                content.push_str(&self.line(row.look, kind, values, y));
            }
            content.push_str("</g>");
        }
        let kinds = self.kinds.join(" and ");
        drawing(&self.title, &format!("{} for {kinds}, one line per optimizer.", self.x.title()), height, &content)
    }

    fn line(&self, look: Look, kind: usize, values: &[(f64, String)], y: f64) -> String {
        let at = |value: f64| self.x.place(value, EDGE, WIDTH - RIGHT);
        let least = values.iter().map(|value| value.0).fold(f64::INFINITY, f64::min);
        let most = values.iter().map(|value| value.0).fold(f64::NEG_INFINITY, f64::max);
        let mut text = String::new();
        if most > least {
            text.push_str(&format!("<path class=\"spread\" d=\"M{:.1} {y:.1}H{:.1}\"/>", at(least), at(most)));
        }
        let hollow = if kind == 0 { "" } else { " hollow" };
        for (value, note) in values {
            text.push_str(&format!(
                "<path class=\"mark{hollow}\" data-hover=\"\" d=\"{}\">{}</path>",
                look.marker((at(*value), y), 5.0),
                hover(note)
            ));
        }
        text
    }
}
