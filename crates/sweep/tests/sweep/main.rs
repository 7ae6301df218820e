//! Plans, claims and results of a sweep: races, delays, clocks, ended and resurrected owners.
#![cfg(test)]

mod claims;
mod delayed;
mod many;
mod plans;
mod worker;
