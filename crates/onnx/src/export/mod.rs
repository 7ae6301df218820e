//! Networks as ONNX models.

mod attributes;
mod layers;
mod model;
mod normalization;
mod writer;

pub use model::export;
