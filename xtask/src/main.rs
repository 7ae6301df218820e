//! The commands of minima.
fn main() {}
