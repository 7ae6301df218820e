//! Builds the graph of a description.

mod budget;
mod fault;
mod layer;
mod numbers;
mod operations;
mod walk;

pub(crate) use walk::graph;
