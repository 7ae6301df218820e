//! The font that the figures are set in, embedded so that they look the same everywhere.

use plotters::style::{FontStyle, register_font};

use super::FigureError;

/// The family under which the font is known; an SVG names it, and any viewer has some font of it.
pub const FAMILY: &str = "sans-serif";

/// Makes the embedded font known to the drawing library.
pub fn register() -> Result<(), FigureError> {
    let faces: [(&'static str, FontStyle, &'static [u8]); 2] = [
        ("DejaVuSans.ttf", FontStyle::Normal, include_bytes!("../../fonts/DejaVuSans.ttf")),
        ("DejaVuSans-Bold.ttf", FontStyle::Bold, include_bytes!("../../fonts/DejaVuSans-Bold.ttf")),
    ];
    for (name, style, bytes) in faces {
        register_font(FAMILY, style, bytes).map_err(|_| FigureError::Font(name))?;
    }
    Ok(())
}
