//! The font of the figures, embedded so that they look the same everywhere.

use plotters::style::{FontStyle, register_font};

use super::FigureError;

/// The font family in SVG documents. Every viewer has some font of this family.
pub(super) const FAMILY: &str = "sans-serif";

/// Registers the embedded font with the drawing library.
pub(super) fn register() -> Result<(), FigureError> {
    let faces: [(&'static str, FontStyle, &'static [u8]); 2] = [
        ("DejaVuSans.ttf", FontStyle::Normal, include_bytes!("../../fonts/DejaVuSans.ttf")),
        ("DejaVuSans-Bold.ttf", FontStyle::Bold, include_bytes!("../../fonts/DejaVuSans-Bold.ttf")),
    ];
    for (name, style, bytes) in faces {
        register_font(FAMILY, style, bytes).map_err(|_| FigureError::Font(name))?;
    }
    Ok(())
}
