//! Tests of the checker.

#![cfg(test)]

mod boxes;
mod files;
mod maxima;
mod mutations;
mod operations;
mod paper;
mod parts;
mod random;
mod rounding;
mod search;
