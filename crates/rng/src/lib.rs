//! JAX's counter-based Threefry-2x32 generator, bit for bit.
