//! Values of several seeds by name: a line a name, a dot a seed, a bar from the least to the most.

use super::{Axis, BOTTOM, RIGHT, TOP, WIDTH, drawing, horizontal_from, hover, label};
use crate::report::html::theme::Look;
use maud::Markup;

/// Room for the names.
const NAMES: f64 = 176.0;
const LINE: f64 = 40.0;

/// A value of each seed, of each of the kinds that are compared.
#[derive(Clone, Debug)]
pub(in crate::report::html) struct DotRow {
    pub name: String,
    pub look: Look,
    /// For each kind, its values and what is said of each.
    pub values: Vec<Vec<(f64, String)>>,
}

/// Names below each other on one horizontal axis; the first kind's dots are filled, those of the others hollow.
#[derive(Clone, Debug)]
pub(in crate::report::html) struct Dots {
    pub title: String,
    pub x: Axis,
    pub kinds: Vec<String>,
    pub rows: Vec<DotRow>,
}

impl Dots {
    /// The drawing.
    pub fn svg(&self) -> Markup {
        let height = TOP + self.rows.len() as f64 * LINE + BOTTOM;
        let mut content = horizontal_from(&self.x, NAMES, height);
        for (index, row) in self.rows.iter().enumerate() {
            let middle = TOP + (index as f64 + 0.5) * LINE;
            content.push_str(&label((NAMES - 10.0, middle + 4.5), "end", "", &row.name));
            content.push_str(&format!("<g class=\"{}\">", row.look.class()));
            let kinds = row.values.len().max(1) as f64;
            for (kind, values) in row.values.iter().enumerate() {
                let y = middle + (kind as f64 - (kinds - 1.0) / 2.0) * 15.0;
                content.push_str(&self.line(row.look, kind, values, y));
            }
            content.push_str("</g>");
        }
        let kinds = self.kinds.join(" and ");
        drawing(&self.title, &format!("{} for {kinds}, a line an optimizer.", self.x.title()), height, &content)
    }

    fn line(&self, look: Look, kind: usize, values: &[(f64, String)], y: f64) -> String {
        let at = |value: f64| self.x.place(value, NAMES, WIDTH - RIGHT);
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
