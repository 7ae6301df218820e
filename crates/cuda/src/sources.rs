//! The CUDA sources of this crate, and the kernels in each.

/// One `.cu` file.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The file's name, as compilers report it.
    pub name: &'static str,
    /// Its text: CUDA C++ without any header.
    pub text: &'static str,
    /// Its kernels, each `extern "C" __global__ void name(…)`. A name is unique over all sources.
    pub kernels: &'static [&'static str],
}

/// All sources. Each is compiled for itself.
pub const SOURCES: &[Source] = &[];
