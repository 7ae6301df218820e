//! The errors of finding a device and of running kernels on it.

use std::fmt;

/// What a machine lacks to run kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// NVIDIA's driver.
    Driver,
    /// A GPU that the driver can use.
    Device,
    /// NVRTC, the library that compiles the kernels.
    Nvrtc,
    /// The host's C++ compiler, which the emulator needs.
    HostCompiler,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Missing::Driver => "NVIDIA's driver",
            Missing::Device => "an NVIDIA GPU",
            Missing::Nvrtc => "NVRTC, the compiler of CUDA kernels",
            Missing::HostCompiler => "the C++ compiler g++, with binutils,",
        })
    }
}

impl Missing {
    /// How to get it, in a sentence.
    pub fn remedy(self) -> &'static str {
        match self {
            Missing::Driver => {
                "install NVIDIA's driver for this GPU (www.nvidia.com/drivers, or the system's package nvidia-driver)"
            }
            Missing::Device => "see which GPUs `nvidia-smi -L` lists, and whether CUDA_VISIBLE_DEVICES hides some",
            Missing::Nvrtc => {
                "install the CUDA toolkit's libnvrtc, or `pip install nvidia-cuda-nvrtc` and put the folder of its \
                 libnvrtc.so into LD_LIBRARY_PATH"
            }
            Missing::HostCompiler => "install the system's package g++; only tests need it",
        }
    }
}

/// What can go wrong on the way to a result from a device.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CudaError {
    /// This machine lacks something that kernels need.
    #[error("{missing} is missing: {found}; {}", missing.remedy())]
    Missing {
        /// What it lacks.
        missing: Missing,
        /// What was looked for, and what was there instead.
        found: String,
    },
    /// The driver refused or failed.
    #[error("{doing}: the CUDA driver reports {report}")]
    Driver {
        /// What was being done.
        doing: String,
        /// The driver's name and text of the error.
        report: String,
    },
    /// A source does not compile.
    #[error("{source_name} does not compile{}: {log}", target.as_ref().map(|t| format!(" for {t}")).unwrap_or_default())]
    Compile {
        /// Which source.
        source_name: String,
        /// The architecture it was compiled for, if it was for a GPU.
        target: Option<String>,
        /// What the compiler says.
        log: String,
    },
    /// No source has such a kernel.
    #[error("no kernel is named {kernel}: expected one of those listed in `sources`")]
    UnknownKernel {
        /// The name.
        kernel: String,
    },
    /// A launch that the kernel or the device cannot take.
    #[error("launch of {kernel}: {found} where {expected} is expected")]
    Launch {
        /// The kernel.
        kernel: String,
        /// What was given.
        found: String,
        /// What it takes.
        expected: String,
    },
    /// A buffer or a slice has another length than is needed.
    #[error("{what}: {found} numbers where {expected} are expected")]
    Length {
        /// Which.
        what: &'static str,
        /// Its length.
        found: usize,
        /// The length that is needed.
        expected: usize,
    },
    /// A model's network is not the engine's.
    #[error("the model is of another network: its {what} is {found} where {expected} is expected")]
    OtherNetwork {
        /// The first part that differs.
        what: String,
        /// That part of the model's network.
        found: String,
        /// That part of the engine's network.
        expected: String,
    },
    /// An operation cannot be done on its input.
    #[error("{what}: {found}; expected sizes above zero, and a kernel or window that fits")]
    Shape {
        /// Which operation.
        what: &'static str,
        /// Its sizes.
        found: String,
    },
    /// A size is larger than kernels can index.
    #[error("{what}: {found} is more than the {limit} that kernels can index")]
    TooLarge {
        /// Which size.
        what: &'static str,
        /// Its value.
        found: usize,
        /// The largest that works.
        limit: usize,
    },
    /// Something was asked for that a recording cannot hold.
    #[error("{found} while launches are recorded: expected launches only")]
    Recording {
        /// What was asked for.
        found: &'static str,
    },
    /// The emulator could not start, or a kernel failed in it.
    #[error("emulator: {doing}: {report}")]
    Emulator {
        /// What was being done.
        doing: String,
        /// What the emulator or its sanitizer says.
        report: String,
    },
    /// The network or its data do not fit.
    #[error(transparent)]
    Autodiff(#[from] minima_autodiff::AutodiffError),
}
