//! Image data sets: IDX files, locating and verifying MNIST, label poisoning, batches.
