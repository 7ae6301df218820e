//! The appearance of each optimizer in figures and on the page: Okabe and Ito's palette, with dashes and markers that distinguish
//! series without colour.

use minima_rows::optimizers::{ADAM, CG, EKFAC, KFAC, MEAN, MUON, PUBLISHED, PUBLISHED_TF32, SAM, SGD, SUM};

/// The form of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    /// A circle.
    Circle,
    /// A square.
    Square,
    /// A diamond.
    Diamond,
    /// A triangle that points up.
    Triangle,
    /// A triangle that points down.
    Nabla,
}

impl Marker {
    /// The corners around a center at (0, 0), to the right and down, for a radius of 1; `None` for a circle.
    pub(crate) fn corners(self) -> Option<&'static [(f64, f64)]> {
        Some(match self {
            Self::Circle => return None,
            Self::Square => &[(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
            Self::Diamond => &[(0.0, -1.2), (1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)],
            Self::Triangle => &[(0.0, -1.15), (1.1, 0.8), (-1.1, 0.8)],
            Self::Nabla => &[(0.0, 1.15), (1.1, -0.8), (-1.1, -0.8)],
        })
    }
}

/// Red, green and blue.
pub(crate) type Color = [u8; 3];

/// How a series is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Appearance {
    /// The colour on a light background.
    pub on_light: Color,
    /// The colour on a dark background.
    pub on_dark: Color,
    /// The lengths of dashes and gaps in figures, in pixels; empty for a solid line.
    pub dashes: &'static [f64],
    /// Dashes on the page, where lines are thinner.
    pub page_dashes: &'static str,
    /// The marker.
    pub marker: Marker,
}

const fn appearance(
    on_light: Color,
    on_dark: Color,
    dashes: &'static [f64],
    page_dashes: &'static str,
    marker: Marker,
) -> Appearance {
    Appearance { on_light, on_dark, dashes, page_dashes, marker }
}

/// The optimizers with their own appearance.
pub(crate) const OPTIMIZERS: [(&str, Appearance); 11] = [
    (SGD, appearance([0x00, 0x00, 0x00], [0xe0, 0xe0, 0xe0], &[3.0, 5.0], "2 3", Marker::Square)),
    (ADAM, appearance([0x00, 0x72, 0xb2], [0x5d, 0xb4, 0xee], &[], "", Marker::Circle)),
    (PUBLISHED, appearance([0xd5, 0x5e, 0x00], [0xff, 0x8a, 0x45], &[14.0, 6.0], "8 4", Marker::Diamond)),
    (
        PUBLISHED_TF32,
        appearance([0xe6, 0x9f, 0x00], [0xf0, 0xb9, 0x44], &[14.0, 5.0, 3.0, 5.0], "8 3 2 3", Marker::Nabla),
    ),
    (SUM, appearance([0xcc, 0x79, 0xa7], [0xe5, 0x9c, 0xc4], &[7.0, 5.0], "4 3", Marker::Nabla)),
    (MEAN, appearance([0x00, 0x9e, 0x73], [0x35, 0xcf, 0xa0], &[24.0, 5.0, 6.0, 5.0], "12 3 3 3", Marker::Triangle)),
    (CG, appearance([0x56, 0xb4, 0xe9], [0x8f, 0xd0, 0xf7], &[10.0, 6.0], "8 4", Marker::Triangle)),
    (KFAC, appearance([0x8a, 0x3f, 0xb0], [0xc5, 0x8b, 0xe6], &[], "", Marker::Diamond)),
    (EKFAC, appearance([0x9c, 0x4a, 0x2f], [0xd0, 0x8a, 0x70], &[18.0, 5.0, 3.0, 5.0], "8 3 2 3", Marker::Square)),
    (SAM, appearance([0xb0, 0x9a, 0x00], [0xd8, 0xc6, 0x3a], &[], "", Marker::Nabla)),
    (MUON, appearance([0x5a, 0x6e, 0x1e], [0xa9, 0xc2, 0x5a], &[20.0, 6.0], "10 4", Marker::Circle)),
];

/// The appearance of any other optimizer: grey.
pub(crate) const OTHER: Appearance = appearance([0x80, 0x80, 0x80], [0xa0, 0xa0, 0xa0], &[], "", Marker::Circle);
