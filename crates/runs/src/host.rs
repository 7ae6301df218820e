//! The machine that a run was made on.

use serde::Serialize;

/// The machine a run was made on.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    /// The operating system.
    pub os: &'static str,
    /// The instruction set.
    pub architecture: &'static str,
    /// The processor, where the system tells.
    pub processor: Option<String>,
}

impl Host {
    /// This machine.
    #[must_use]
    pub fn here() -> Self {
        let processor = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let line = text.lines().find(|l| l.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        Self { os: std::env::consts::OS, architecture: std::env::consts::ARCH, processor }
    }
}
