//! Lines and points over two numeric axes.

use super::Axis;
use super::frame::{BOTTOM, Entry, LEFT, RIGHT, TOP, WIDTH, drawing, horizontal, hover, vertical};
use crate::html::theme::Look;
use maud::Markup;
use minima_rows::Table;

/// A point and an additional note.
#[derive(Clone, Debug)]
pub(in crate::html) struct Point {
    pub x: f64,
    pub y: f64,
    pub note: String,
}

/// Which points of a series have a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::html) enum Marks {
    All,
    /// Only the last point: the end of a path.
    End,
    None,
}

/// A series of points.
#[derive(Clone, Debug)]
pub(in crate::html) struct Series {
    pub name: String,
    pub look: Look,
    pub points: Vec<Point>,
    pub line: bool,
    pub faint: bool,
    pub marks: Marks,
}

impl Series {
    pub(crate) fn new(name: impl Into<String>, look: Look, points: Vec<Point>) -> Self {
        Self { name: name.into(), look, points, line: true, faint: false, marks: Marks::All }
    }
}

/// A panel.
#[derive(Clone, Debug)]
pub(in crate::html) struct Plot {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    pub height: f64,
}

impl Plot {
    /// The drawing.
    pub(crate) fn svg(&self) -> Markup {
        let bottom = self.height - BOTTOM;
        let mut content = horizontal(&self.x, self.height) + &vertical(&self.y, self.height);
        for series in &self.series {
            content.push_str(&self.drawn(series, bottom));
        }
        let mut names: Vec<&str> = self.series.iter().map(|series| series.name.as_str()).collect();
        names.dedup();
        let description = format!("{} against {}, for {}.", self.y.title(), self.x.title(), names.join(", "));
        drawing(&self.title, &description, self.height, &content)
    }

    fn drawn(&self, series: &Series, bottom: f64) -> String {
        let points = || series.points.iter().filter(|point| self.x.holds(point.x) && self.y.holds(point.y));
        let at = |point: &Point| (self.x.place(point.x, LEFT, WIDTH - RIGHT), self.y.place(point.y, bottom, TOP));
        let class = series.look.class();
        let faint = if series.faint { " faint" } else { "" };
        let mut text = format!("<g class=\"{class}\">");
        if series.line {
            let corners: Vec<String> = points().map(at).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
            let dashes = series.look.dashes();
            text.push_str(&format!(
                "<path class=\"line{faint}\" stroke-dasharray=\"{dashes}\" d=\"M{}\"/>",
                if corners.is_empty() { "0 0".to_owned() } else { corners.join("L") }
            ));
        }
        let last = points().count().saturating_sub(1);
        for (index, point) in points().enumerate() {
            let (x, y) = at(point);
            let note = hover(&format!(
                "{}\n{}: {}\n{}: {}{}{}",
                series.name,
                self.x.title(),
                self.x.say(point.x),
                self.y.title(),
                self.y.say(point.y),
                if point.note.is_empty() { "" } else { "\n" },
                point.note
            ));
            let marked = match series.marks {
                Marks::All => true,
                Marks::End => index == last,
                Marks::None => false,
            };
            text.push_str(&if marked {
                let radius = if series.marks == Marks::End { 6.0 } else { 3.8 };
                format!(
                    "<path class=\"mark\" data-hover=\"\" d=\"{}\">{note}</path>",
                    series.look.marker((x, y), radius)
                )
            } else {
                format!("<circle class=\"hint\" data-hover=\"\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\">{note}</circle>")
            });
        }
        text + "</g>"
    }

    /// One entry per series name.
    pub(crate) fn legend(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for series in &self.series {
            if entries.iter().all(|entry| entry.name != series.name) {
                entries.push(Entry { name: series.name.clone(), look: series.look, line: series.line });
            }
        }
        entries
    }

    /// All points in a table.
    pub(crate) fn numbers(&self) -> Table {
        let noted = self.series.iter().flat_map(|series| &series.points).any(|point| !point.note.is_empty());
        let mut header = vec!["series", self.x.title(), self.y.title()];
        if noted {
            header.push("");
        }
        let mut table = Table::new(&header);
        for series in &self.series {
            for point in &series.points {
                let mut row = vec![series.name.clone(), self.x.say(point.x), self.y.say(point.y)];
                if noted {
                    row.push(point.note.clone());
                }
                table.rows.push(row);
            }
        }
        table
    }
}
