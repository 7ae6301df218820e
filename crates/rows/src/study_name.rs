//! The studies' names, which are their folders.

/// The names of all studies, in the order in which reports show them.
pub const STUDY_NAMES: [&str; 7] = ["seeds", "matched", "poison", "damping", "precision", "landscape", "logit-scale"];
