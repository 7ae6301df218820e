#![cfg(test)]
mod attacks;
mod conjunctions;
mod crown_ibp;
mod enumeration;
mod interval_network;
mod random_networks;
