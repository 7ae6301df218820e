//! Tests of checks of the workspace.
#![cfg(test)]

mod api;
mod dependencies;
mod imports;
