//! Builds the graph of a description.

mod budget;
mod enlarged;
mod fault;
mod layer;
mod numbers;
mod operations;
mod several;
mod walk;

pub(crate) use walk::graph;
