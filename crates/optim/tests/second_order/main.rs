//! Second-order steps on a small network, against full matrices and against what their definitions say.

mod damping;
mod directions;
mod line_search;
mod problem;
mod steps;
