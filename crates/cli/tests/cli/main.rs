//! Tests of the commands in a program of one's own.
#![cfg(test)]

mod own_code;
