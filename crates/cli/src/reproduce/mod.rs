//! Reproductions: one experiment in a results folder, or several as its parts.

mod experiment;
mod measured;
mod one_model;
mod parts;
mod reproduction;

pub(crate) use experiment::reproduce;
pub(crate) use parts::{FLAGS, Opened, Whole, reproduce_parts};
pub(crate) use reproduction::Reproduction;
