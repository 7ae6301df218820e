//! Nodes whose inputs are constants are computed at import.

mod arithmetic;
mod arrange;
mod budget;
mod inputs;
mod nodes;

pub(crate) use budget::Budget;
pub(crate) use nodes::fold;
