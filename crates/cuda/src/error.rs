//! The errors of finding a device and of running kernels on it.

use std::fmt;

/// A requirement for running kernels that this computer lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// NVIDIA's driver.
    Driver,
    /// A GPU that the driver can use.
    Device,
    /// NVRTC, the library that compiles the kernels.
    Nvrtc,
    /// cuBLAS, NVIDIA's library of linear algebra.
    Cublas,
    /// The host's C++ compiler, which the emulator needs.
    HostCompiler,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Missing::Driver => "NVIDIA's driver",
            Missing::Device => "an NVIDIA GPU",
            Missing::Nvrtc => "NVRTC, the compiler of CUDA kernels",
            Missing::Cublas => "cuBLAS, NVIDIA's library of linear algebra,",
            Missing::HostCompiler => "the C++ compiler g++, with binutils,",
        })
    }
}

impl Missing {
    /// How to install it, in a sentence.
    pub fn remedy(self) -> &'static str {
        match self {
            Missing::Driver => {
                "install NVIDIA's driver for this GPU (www.nvidia.com/drivers, or the system's package nvidia-driver)"
            }
            Missing::Device => "check whether `nvidia-smi -L` lists a GPU, and whether CUDA_VISIBLE_DEVICES hides it",
            Missing::Nvrtc => {
                "install the CUDA toolkit's libnvrtc, or `pip install nvidia-cuda-nvrtc` and put the folder of its \
                 libnvrtc.so into LD_LIBRARY_PATH"
            }
            Missing::Cublas => {
                "install the CUDA toolkit's libcublas, or `pip install nvidia-cublas` and put the folder of its \
                 libcublas.so into LD_LIBRARY_PATH"
            }
            Missing::HostCompiler => "install the system's package g++; only tests need it",
        }
    }
}

/// An error of finding a device, or of running kernels on it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CudaError {
    /// A requirement for running kernels is missing.
    #[error("{missing} is missing: {found}; {}", missing.remedy())]
    Missing {
        /// The missing requirement.
        missing: Missing,
        /// What was looked for, and what was found instead.
        found: String,
    },
    /// The driver refused or failed.
    #[error("{doing}: the CUDA driver reports {report}")]
    Driver {
        /// The operation that failed.
        doing: String,
        /// The driver's name and text of the error.
        report: String,
    },
    /// A source does not compile.
    #[error("{source_name} does not compile{}: {log}", target.as_ref().map(|t| format!(" for {t}")).unwrap_or_default())]
    Compile {
        /// The source.
        source_name: String,
        /// The architecture it was compiled for, if it was for a GPU.
        target: Option<String>,
        /// The compiler's message.
        log: String,
    },
    /// No source has such a kernel.
    #[error("unknown kernel {kernel}; expected one of the kernels listed in `sources`")]
    UnknownKernel {
        /// The name.
        kernel: String,
    },
    /// The pixels of a data set are floating-point numbers, and devices take bytes.
    #[error("found images of floating-point pixels, expected bytes")]
    PixelsAreNotBytes,
    /// The kernel or the device does not accept the launch.
    #[error("launch of {kernel}: found {found}, expected {expected}")]
    Launch {
        /// The kernel.
        kernel: String,
        /// The given grid, blocks or arguments.
        found: String,
        /// What it accepts.
        expected: String,
    },
    /// A buffer or a slice has the wrong length.
    #[error("{what}: found {found} numbers, expected {expected}")]
    Length {
        /// The buffer or slice.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The required length.
        expected: usize,
    },
    /// A model's network is not the engine's.
    #[error("the model has another network: its {what} is {found}, expected {expected}")]
    OtherNetwork {
        /// The first part that differs.
        what: String,
        /// That part of the model's network.
        found: String,
        /// That part of the engine's network.
        expected: String,
    },
    /// An operation does not accept the sizes of its input.
    #[error("{what}: found {found}, expected positive sizes, and a kernel or window that fits the input")]
    Shape {
        /// The operation.
        what: &'static str,
        /// Its sizes.
        found: String,
    },
    /// Operations have no kernels.
    #[error("no CUDA kernels for {}", operations.join(", "))]
    Unsupported {
        /// Their names, each once.
        operations: Vec<String>,
    },
    /// A size is larger than kernels can index.
    #[error("{what}: {found} exceeds {limit}, the limit of indices in kernels")]
    TooLarge {
        /// The size.
        what: &'static str,
        /// Its value.
        found: usize,
        /// The largest valid value.
        limit: usize,
    },
    /// A recording cannot hold this operation.
    #[error("found {found} while launches are recorded, expected only launches")]
    Recording {
        /// The operation.
        found: &'static str,
    },
    /// The emulator could not start, or a kernel failed in it.
    #[error("emulator: {doing}: {report}")]
    Emulator {
        /// The operation that failed.
        doing: String,
        /// The message of the emulator or its sanitizer.
        report: String,
    },
    /// The network or its data are invalid.
    #[error(transparent)]
    Autodiff(#[from] minima_autodiff::AutodiffError),
}

impl From<CudaError> for minima_autodiff::AutodiffError {
    fn from(error: CudaError) -> Self {
        match error {
            CudaError::Autodiff(error) => error,
            other => Self::Device { device: "CUDA".to_owned(), source: Box::new(other) },
        }
    }
}
