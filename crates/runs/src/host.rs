//! The computer of a run.

use serde::Serialize;

/// The computer of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    /// The operating system.
    pub os: &'static str,
    /// The instruction set.
    pub architecture: &'static str,
    /// The widest vectors of the CPU that minima's kernels use: `avx512`, `avx2`, `neon` or `none`.
    pub instructions: &'static str,
    /// The CPU model, if the system reports it.
    pub processor: Option<String>,
}

impl Host {
    /// This computer.
    #[must_use]
    pub fn here() -> Self {
        let processor = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|l| l.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        Self { os: std::env::consts::OS, architecture: std::env::consts::ARCH, instructions: instructions(), processor }
    }
}

/// The level of the CPU's instructions, as the kernels choose it.
fn instructions() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        let is_avx2 = has!("avx2") && has!("fma") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("movbe");
        let is_avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512cd") && has!("avx512dq") && has!("avx512vl");
        match (is_avx2, is_avx512) {
            (true, true) => "avx512",
            (true, false) => "avx2",
            _ => "none",
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        if std::arch::is_aarch64_feature_detected!("neon") { "neon" } else { "none" }
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        "none"
    }
}
