//! Second-order steps on a small network, compared with full matrices and with their definitions.

mod damping;
mod directions;
mod line_search;
mod problem;
mod steps;
