//! Tests of the program.
#![cfg(test)]

mod commands;
mod data;
mod own_data;
mod parts;
mod refusals;
mod survival;
