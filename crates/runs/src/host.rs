//! The computer of a run.

use serde::Serialize;

/// The computer of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Host {
    /// The operating system.
    pub os: &'static str,
    /// The instruction set.
    pub architecture: &'static str,
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
        Self { os: std::env::consts::OS, architecture: std::env::consts::ARCH, processor }
    }
}
