//! The operators of ONNX as steps, one subject a file.

mod apply;
mod arithmetic;
mod conv;
mod dense;
mod gelu;
mod indexing;
mod join;
mod known;
mod normalization;
mod pointwise;
mod pool;
mod power;
mod reduce;
mod shape;
mod softmax;
mod threshold;

pub(crate) use apply::apply;
pub(crate) use known::check;
