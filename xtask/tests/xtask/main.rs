//! Tests of the program.
#![cfg(test)]

mod commands;
mod data;
mod refusals;
mod survival;
