//! SVG figures within the page. Values are shown on hovering, and a table below contains all of them.

mod axis;
mod bars;
mod dots;
mod frame;
mod heat_map;
mod plot;

pub(super) use axis::{Axis, short};
pub(super) use bars::{Bars, Bin};
pub(super) use dots::{DotRow, Dots};
pub(super) use frame::{Entry, Figure, panels};
pub(super) use heat_map::{HeatCell, HeatMap};
pub(super) use plot::{Marks, Plot, Point, Series};
