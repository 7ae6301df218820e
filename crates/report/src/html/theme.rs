//! Colours of series on light and dark pages, and their markers.

use crate::appearance::{Marker, OPTIMIZERS, OTHER};
use crate::own_optimizer::{self, OwnOptimizer};
use maud::{Markup, html};

/// Colours of series that are not optimizers, on a light and on a dark page, in order of assignment.
const NEUTRAL: [(&str, &str); 6] = [
    ("#0072b2", "#5db4ee"),
    ("#d55e00", "#ff8a45"),
    ("#009e73", "#35cfa0"),
    ("#8a3fb0", "#c58be6"),
    ("#000000", "#e0e0e0"),
    ("#b09a00", "#d8c63a"),
];

/// The class of the first optimizer that brings its appearance, after the classes of the built-in optimizers, of other optimizers, and of other series.
const FIRST_BROUGHT: usize = OPTIMIZERS.len() + 1 + NEUTRAL.len();

/// The look of a series: the class for its colour, its marker and its dashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    class: usize,
    marker: Marker,
    dashes: &'static str,
}

impl Look {
    /// An optimizer's look in all figures.
    pub(super) fn of(own: &[OwnOptimizer], optimizer: &str) -> Self {
        let built_in = OPTIMIZERS.iter().position(|(name, _)| *name == optimizer);
        let brought = || own_optimizer::place(own, optimizer).map(|place| FIRST_BROUGHT + place);
        let class = built_in.or_else(brought).unwrap_or(OPTIMIZERS.len());
        let look = own_optimizer::appearance(own, optimizer);
        Self { class, marker: look.marker, dashes: look.page_dashes }
    }

    /// The look of the series with this number, for series that are not optimizers.
    pub(super) fn numbered(index: usize) -> Self {
        const MARKERS: [Marker; 5] = [Marker::Circle, Marker::Diamond, Marker::Triangle, Marker::Nabla, Marker::Square];
        const DASHES: [&str; 6] = ["", "8 4", "12 3 3 3", "4 3", "2 3", "8 3 2 3"];
        let pick = index % NEUTRAL.len();
        // When colours repeat, dashes differ.
        let dash = (index + index / NEUTRAL.len()) % DASHES.len();
        let marker = MARKERS.get(index % MARKERS.len()).copied().unwrap_or(Marker::Circle);
        Self { class: OPTIMIZERS.len() + 1 + pick, marker, dashes: DASHES.get(dash).copied().unwrap_or_default() }
    }

    pub(super) fn class(self) -> String {
        format!("s{}", self.class)
    }

    pub(super) fn dashes(self) -> &'static str {
        self.dashes
    }

    /// The outline of the marker around a point.
    pub(super) fn marker(self, (x, y): (f64, f64), radius: f64) -> String {
        let Some(corners) = self.marker.corners() else {
            return format!(
                "M{:.1} {y:.1}a{radius:.1} {radius:.1} 0 1 0 {:.1} 0a{radius:.1} {radius:.1} 0 1 0 {:.1} 0z",
                x - radius,
                2.0 * radius,
                -2.0 * radius
            );
        };
        let at = |(right, down): &(f64, f64)| format!("{:.1} {:.1}", x + right * radius, y + down * radius);
        format!("M{}z", corners.iter().map(at).collect::<Vec<_>>().join("L"))
    }

    /// A small line and marker for a legend.
    pub(super) fn swatch(self, line: bool) -> Markup {
        html! {
            svg class={ "chart " (self.class()) } viewBox="0 0 34 14" aria-hidden="true" {
                @if line { path class="line" d="M0 7H34" stroke-dasharray=(self.dashes) {} }
                path class="mark" d=(self.marker((17.0, 7.0), 4.5)) {}
            }
        }
    }
}

/// The style rules of the colour classes, and of the optimizers that bring their appearance.
pub(super) fn colors(own: &[OwnOptimizer]) -> String {
    let built_in = OPTIMIZERS.iter().map(|(_, own)| own).chain([&OTHER]);
    let built_in = built_in.map(|own| (hexadecimal(own.on_light), hexadecimal(own.on_dark)));
    let neutral = NEUTRAL.iter().map(|(on_light, on_dark)| ((*on_light).to_owned(), (*on_dark).to_owned()));
    rules("", built_in.chain(neutral).chain(brought(own)).enumerate())
}

/// The style rules of the optimizers that bring their appearance in a part of the page: the element with this id.
pub(super) fn colors_within(id: &str, own: &[OwnOptimizer]) -> String {
    if own.is_empty() { String::new() } else { rules(&format!("#{id} "), (FIRST_BROUGHT..).zip(brought(own))) }
}

/// The colours of optimizers that bring their appearance, on a light and on a dark page.
fn brought(own: &[OwnOptimizer]) -> impl Iterator<Item = (String, String)> {
    own_optimizer::appearances(own).map(|look| (hexadecimal(look.on_light), hexadecimal(look.on_dark)))
}

fn hexadecimal([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The rules of numbered classes, with a selector before each class.
fn rules(before: &str, colors: impl Iterator<Item = (usize, (String, String))>) -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    for (class, (on_light, on_dark)) in colors {
        light.push_str(&format!("{before}.s{class}{{--c:{on_light}}}"));
        dark.push_str(&format!("{before}.s{class}{{--c:{on_dark}}}"));
    }
    format!("\n{light}\n@media screen and (prefers-color-scheme: dark){{{dark}}}\n")
}
