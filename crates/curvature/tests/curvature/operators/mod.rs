//! Every operator compared with its dense matrix, computed in a naive way.

mod algebra;
mod curvature;
mod fisher;
mod hyper_dual;
mod losses;
mod naive;
mod objective;
mod problem;
