//! Tests of the program.
#![cfg(test)]

mod certify;
mod commands;
mod data;
mod own_data;
mod parts;
mod refusals;
mod survival;
mod sweeps;
