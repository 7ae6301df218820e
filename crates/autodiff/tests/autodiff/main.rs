//! Tests of networks, their derivatives and their files.
#![cfg(test)]

mod fitted_images;
mod losses;
mod network;
