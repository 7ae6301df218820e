//! Histograms.

use super::Axis;
use super::frame::{BOTTOM, LEFT, RIGHT, TOP, WIDTH, drawing, horizontal, hover, vertical};
use crate::html::theme::Look;
use maud::Markup;

/// A bar between two values.
#[derive(Clone, Debug)]
pub(in crate::html) struct Bin {
    pub from: f64,
    pub to: f64,
    pub height: f64,
    pub note: String,
}

/// A histogram.
#[derive(Clone, Debug)]
pub(in crate::html) struct Bars {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub look: Look,
    pub bins: Vec<Bin>,
    pub height: f64,
}

impl Bars {
    /// The drawing.
    pub(crate) fn svg(&self) -> Markup {
        let bottom = self.height - BOTTOM;
        let mut content = horizontal(&self.x, self.height) + &vertical(&self.y, self.height);
        content.push_str(&format!("<g class=\"{}\">", self.look.class()));
        for bin in self.bins.iter().filter(|bin| self.y.holds(bin.height) && bin.height > 0.0) {
            let left = self.x.place(bin.from, LEFT, WIDTH - RIGHT);
            let right = self.x.place(bin.to, LEFT, WIDTH - RIGHT);
            let top = self.y.place(bin.height, bottom, TOP);
            content.push_str(&format!(
                "<rect class=\"bar\" data-hover=\"\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\">{}</rect>",
                (right - left - 0.4).max(0.4),
                bottom - top,
                hover(&bin.note)
            ));
        }
        content.push_str("</g>");
        drawing(&self.title, &format!("{} by {}.", self.y.title(), self.x.title()), self.height, &content)
    }
}
