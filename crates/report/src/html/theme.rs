//! Colours of series, light and dark, and their marks.

use crate::figures::{Marker, series_style};
use maud::{Markup, html};
use minima_rows::optimizers::{ADAM, CG, EKFAC, KFAC, MEAN, PUBLISHED, PUBLISHED_TF32, SAM, SGD, SUM};

/// Optimizers with a colour of their own, and that colour on a dark page.
const DARK: [(&str, &str); 10] = [
    (SGD, "#e0e0e0"),
    (ADAM, "#5db4ee"),
    (PUBLISHED, "#ff8a45"),
    (PUBLISHED_TF32, "#f0b944"),
    (SUM, "#e59cc4"),
    (MEAN, "#35cfa0"),
    (CG, "#8fd0f7"),
    (KFAC, "#c58be6"),
    (EKFAC, "#d08a70"),
    (SAM, "#d8c63a"),
];

/// Series that are no optimizer, on a light and on a dark page, in the order in which they are given out.
const NEUTRAL: [(&str, &str); 6] = [
    ("#0072b2", "#5db4ee"),
    ("#d55e00", "#ff8a45"),
    ("#009e73", "#35cfa0"),
    ("#8a3fb0", "#c58be6"),
    ("#000000", "#e0e0e0"),
    ("#b09a00", "#d8c63a"),
];

/// How a series is drawn: the class that gives its colour, its marker and dashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    class: usize,
    marker: Marker,
    dashes: &'static str,
}

impl Look {
    /// An optimizer's look in all figures.
    pub fn of(optimizer: &str) -> Self {
        let class = DARK.iter().position(|(name, _)| *name == optimizer).unwrap_or(DARK.len());
        let dashes = match optimizer {
            SGD => "2 3",
            PUBLISHED | CG => "8 4",
            PUBLISHED_TF32 | EKFAC => "8 3 2 3",
            SUM => "4 3",
            MEAN => "12 3 3 3",
            _ => "",
        };
        Self { class, marker: series_style(optimizer).marker, dashes }
    }

    /// The look of the series of this number where series are no optimizers.
    pub fn numbered(index: usize) -> Self {
        const MARKERS: [Marker; 5] = [Marker::Circle, Marker::Diamond, Marker::Triangle, Marker::Nabla, Marker::Square];
        const DASHES: [&str; 6] = ["", "8 4", "12 3 3 3", "4 3", "2 3", "8 3 2 3"];
        let pick = index % NEUTRAL.len();
        // Where colours begin again, dashes do not.
        let dash = (index + index / NEUTRAL.len()) % DASHES.len();
        let marker = MARKERS.get(index % MARKERS.len()).copied().unwrap_or(Marker::Circle);
        Self { class: DARK.len() + 1 + pick, marker, dashes: DASHES.get(dash).copied().unwrap_or_default() }
    }

    pub fn class(self) -> String {
        format!("s{}", self.class)
    }

    pub fn dashes(self) -> &'static str {
        self.dashes
    }

    /// The outline of its marker around a point.
    pub fn marker(self, (x, y): (f64, f64), radius: f64) -> String {
        let corners: &[(f64, f64)] = match self.marker {
            Marker::Circle => {
                return format!(
                    "M{:.1} {y:.1}a{radius:.1} {radius:.1} 0 1 0 {:.1} 0a{radius:.1} {radius:.1} 0 1 0 {:.1} 0z",
                    x - radius,
                    2.0 * radius,
                    -2.0 * radius
                );
            }
            Marker::Square => &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
            Marker::Diamond => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
            Marker::Triangle => &[(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)],
            Marker::Nabla => &[(0.0, 1.15), (1.1, -0.8), (-1.1, -0.8)],
        };
        let at = |(right, down): &(f64, f64)| format!("{:.1} {:.1}", x + right * radius, y + down * radius);
        format!("M{}z", corners.iter().map(at).collect::<Vec<_>>().join("L"))
    }

    /// Its line and marker, small, for a legend.
    pub fn swatch(self, line: bool) -> Markup {
        html! {
            svg class={ "chart " (self.class()) } viewBox="0 0 34 14" aria-hidden="true" {
                @if line { path class="line" d="M0 7H34" stroke-dasharray=(self.dashes) {} }
                path class="mark" d=(self.marker((17.0, 7.0), 4.5)) {}
            }
        }
    }
}

/// The rules of the colours' classes.
pub(super) fn colors() -> String {
    let mut light = String::new();
    let mut dark = String::new();
    let mut add = |class: usize, on_light: &str, on_dark: &str| {
        light.push_str(&format!(".s{class}{{--c:{on_light}}}"));
        dark.push_str(&format!(".s{class}{{--c:{on_dark}}}"));
    };
    for (class, (name, on_dark)) in DARK.iter().enumerate() {
        let color = series_style(name).color;
        add(class, &format!("#{:02x}{:02x}{:02x}", color.0, color.1, color.2), on_dark);
    }
    add(DARK.len(), "#6f6f6f", "#a0a0a0");
    for (index, (on_light, on_dark)) in NEUTRAL.iter().enumerate() {
        add(DARK.len() + 1 + index, on_light, on_dark);
    }
    format!("\n{light}\n@media screen and (prefers-color-scheme: dark){{{dark}}}\n")
}
