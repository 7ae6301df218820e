//! Tests of data sets.
#![cfg(test)]

mod arrays;
mod cifar10;
mod cifar100;
mod epoch_order;
mod files;
mod idx;
mod image_file;
mod image_folder;
mod mnist;
