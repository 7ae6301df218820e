//! Tests of network descriptions.
#![cfg(test)]

mod any_bytes;
mod errors;
mod layers;
mod limits;
mod zoo;
