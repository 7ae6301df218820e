//! Tests of downloads.
#![cfg(test)]

mod mirrors;
mod server;
mod tls;
mod transfers;
