//! Reads a description from TOML.

mod document;
mod elements;
mod fields;
mod layers;
mod scope;
mod source;
mod values;

pub(crate) use document::read;
