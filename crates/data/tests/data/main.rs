//! Tests of data sets.
#![cfg(test)]

mod cifar10;
mod epoch_order;
mod idx;
mod mnist;
