//! Networks as ONNX models.

mod attributes;
mod exported;
mod layers;
mod model;
mod normalization;
mod writer;

pub use model::export;
