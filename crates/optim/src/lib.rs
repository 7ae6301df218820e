//! Optimizers: SGD, Adam and Gauss-Newton in function space.
