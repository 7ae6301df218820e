//! A heat map: a colour for each cell of a grid.

use super::frame::{BOTTOM, LEFT, RIGHT, TOP, WIDTH, drawing, hover, label};
use maud::Markup;

/// Dark blue to yellow with evenly increasing lightness, readable without colour.
const COLORS: [[f64; 3]; 6] = [
    [48.0, 18.0, 92.0],
    [62.0, 73.0, 137.0],
    [38.0, 130.0, 142.0],
    [53.0, 183.0, 121.0],
    [160.0, 218.0, 57.0],
    [253.0, 231.0, 37.0],
];
/// Grids with more columns show numbers only on hovering.
const MOST_NUMBERED: usize = 9;

/// A cell: its value, if any, and its description.
#[derive(Clone, Debug)]
pub(in crate::html) struct HeatCell {
    pub value: Option<f64>,
    pub text: String,
    pub note: String,
}

/// A grid, its first row at the bottom.
#[derive(Clone, Debug)]
pub(in crate::html) struct HeatMap {
    pub title: String,
    pub x_title: String,
    pub y_title: String,
    pub columns: Vec<String>,
    pub rows: Vec<String>,
    /// The cells by row.
    pub cells: Vec<Vec<HeatCell>>,
    /// The values of the darkest and the lightest colour.
    pub range: (f64, f64),
    /// Whether colours follow the logarithm.
    pub logarithmic: bool,
    /// Height of the drawing.
    pub height: f64,
}

impl HeatMap {
    /// The drawing.
    pub(crate) fn svg(&self) -> Markup {
        let bottom = self.height - BOTTOM;
        let width = (WIDTH - LEFT - RIGHT) / self.columns.len().max(1) as f64;
        let tall = (bottom - TOP) / self.rows.len().max(1) as f64;
        let mut content = String::new();
        for (row, cells) in self.cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                let (x, y) = (LEFT + column as f64 * width, bottom - (row + 1) as f64 * tall);
                content.push_str(&self.cell(cell, (x, y), (width, tall)));
            }
        }
        for (column, words) in
            self.columns.iter().enumerate().step_by(every(self.columns.len(), WIDTH - LEFT - RIGHT, 46.0))
        {
            let x = LEFT + (column as f64 + 0.5) * width;
            content.push_str(&label((x, bottom + 17.0), "middle", "", words));
        }
        for (row, words) in self.rows.iter().enumerate().step_by(every(self.rows.len(), bottom - TOP, 22.0)) {
            let y = bottom - (row as f64 + 0.5) * tall;
            content.push_str(&label((LEFT - 7.0, y + 4.5), "end", "", words));
        }
        content.push_str(&label(
            ((LEFT + WIDTH - RIGHT) / 2.0, self.height - 8.0),
            "middle",
            "axis-title",
            &self.x_title,
        ));
        content.push_str(&label((4.0, 13.0), "start", "axis-title", &self.y_title));
        let description = format!("A cell for each {} and {}.", self.x_title, self.y_title);
        drawing(&self.title, &description, self.height, &content)
    }

    fn cell(&self, cell: &HeatCell, (x, y): (f64, f64), (width, height): (f64, f64)) -> String {
        let note = hover(&cell.note);
        let place = format!("x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"", width + 0.2, height + 0.2);
        let Some(color) = cell.value.map(|value| self.color(value)) else {
            let cross = format!(
                "<path class=\"base\" d=\"M{:.1} {:.1}l8 8m0 -8l-8 8\"/>",
                x + width / 2.0 - 4.0,
                y + height / 2.0 - 4.0
            );
            return format!("<rect fill=\"var(--shade)\" data-hover=\"\" {place}>{note}</rect>{cross}");
        };
        let [red, green, blue] = color.map(|channel| channel.round() as u8);
        let mut text = format!("<rect fill=\"#{red:02x}{green:02x}{blue:02x}\" data-hover=\"\" {place}>{note}</rect>");
        if self.columns.len() <= MOST_NUMBERED {
            let [red, green, blue] = color;
            let ink = if 0.299 * red + 0.587 * green + 0.114 * blue > 130.0 { "on-light" } else { "on-dark" };
            let class = format!("cell-text {ink}");
            text.push_str(&label((x + width / 2.0, y + height / 2.0 + 4.5), "middle", &class, &cell.text));
        }
        text
    }

    fn color(&self, value: f64) -> [f64; 3] {
        let scaled = |value: f64| if self.logarithmic { value.max(f64::MIN_POSITIVE).ln() } else { value };
        let (from, to) = (scaled(self.range.0), scaled(self.range.1));
        let share = if to > from { ((scaled(value) - from) / (to - from)).clamp(0.0, 1.0) } else { 0.5 };
        let place = if share.is_nan() { 0.0 } else { share * (COLORS.len() - 1) as f64 };
        let lower = (place.floor() as usize).min(COLORS.len() - 2);
        let weight = place - lower as f64;
        let (from, to) = (COLORS[lower], COLORS[lower + 1]);
        std::array::from_fn(|channel| from[channel] + weight * (to[channel] - from[channel]))
    }
}

/// The step between numbered lines among `count` lines. Numbers stay readable, and the first and last lines are numbered if
/// possible.
fn every(count: usize, room: f64, needed: f64) -> usize {
    let least = (needed * count as f64 / room).ceil().max(1.0) as usize;
    let last = count.saturating_sub(1);
    (least..=2 * least).find(|step| last.is_multiple_of(*step)).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_at_both_ends_if_they_can() {
        assert_eq!((every(21, 444.0, 46.0), every(6, 444.0, 46.0), every(0, 444.0, 46.0)), (4, 1, 1));
        assert_eq!(every(24, 444.0, 46.0), 3);
    }

    #[test]
    fn colours_run_from_dark_to_light() {
        let map = |logarithmic, range| HeatMap {
            title: String::new(),
            x_title: String::new(),
            y_title: String::new(),
            columns: vec![],
            rows: vec![],
            cells: vec![],
            range,
            logarithmic,
            height: 300.0,
        };
        let linear = map(false, (0.0, 1.0));
        assert_eq!((linear.color(-1.0), linear.color(2.0)), (COLORS[0], COLORS[5]));
        assert_eq!(linear.color(0.6), COLORS[3]);
        assert_eq!(map(true, (0.01, 1.0)).color(0.1), map(false, (0.0, 2.0)).color(1.0));
        assert_eq!(map(false, (1.0, 1.0)).color(1.0), map(false, (0.0, 2.0)).color(1.0));
    }
}
