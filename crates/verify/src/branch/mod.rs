//! β-CROWN with branch and bound.
//!
//! Wang et al., "Beta-CROWN: efficient bound propagation with per-neuron split constraints", 2021. A domain assumes the
//! signs of some ReLUs' inputs. Each assumption enters the backward pass with a multiplier β ≥ 0: where it holds, the
//! target is at least the bound for any β. The two children of a domain assume both signs of one more ReLU, so they cover
//! it. If every domain's bound is positive, the target cannot be met.

mod boxes;
mod children;
mod domain;
mod filter;
mod parts;
mod problem;
mod score;
mod search;

pub(crate) use boxes::{MOST_INPUTS, search_boxes};
pub(crate) use parts::search_parts;
pub(crate) use search::{End, Limits, Outcome, Search};
