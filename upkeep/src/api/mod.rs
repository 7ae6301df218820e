//! The list of public items.
