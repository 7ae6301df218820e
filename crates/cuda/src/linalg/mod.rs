//! Linear algebra of Gauss-Newton systems: launchers beside their kernels.
