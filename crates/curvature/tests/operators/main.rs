//! Every operator compared with its dense matrix, computed in a naive way.
#![cfg(test)]

mod algebra;
mod curvature;
mod fisher;
mod hyper_dual;
mod losses;
mod naive;
mod objective;
mod problem;
