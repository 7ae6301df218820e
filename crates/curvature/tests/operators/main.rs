//! Every operator against its matrix in full, built the obvious way.

mod algebra;
mod curvature;
mod fisher;
mod hyper_dual;
mod naive;
mod objective;
mod problem;
