//! The operations of a network: launchers beside their kernels.
