//! Tests of the program.
#![cfg(test)]

mod certify;
mod commands;
mod data;
mod gpu_report;
mod own_data;
mod parts;
mod refusals;
mod survival;
mod sweeps;
