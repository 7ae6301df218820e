//! The process that owns a claim.

use minima_store::sha256;
use serde::{Deserialize, Serialize};
use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;

/// A process on a host, as a claim names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The host's name.
    pub host: String,
    /// Identifies the host's boot and the process's name space. Process numbers mean the same process only if this is equal.
    boot: String,
    /// The process number.
    pub process: u32,
    /// When the process started, in ticks since the boot. Process numbers are used again.
    process_start: Option<u64>,
    /// Random digits of this process.
    nonce: String,
}

impl Owner {
    /// This process.
    #[must_use]
    pub fn here() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let host = text("/proc/sys/kernel/hostname").trim().to_owned();
        let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default().display().to_string();
        let boot = sha256(
            [&host, &text("/proc/sys/kernel/random/boot_id"), &namespace].map(|t| t.trim()).join("\n").as_bytes(),
        );
        let process = std::process::id();
        Self {
            host: if host.is_empty() { "unknown".to_owned() } else { host },
            boot: boot.chars().take(12).collect(),
            process,
            process_start: started(process),
            nonce: nonce(),
        }
    }

    /// The same process as if it ran on another host.
    #[must_use]
    pub fn on_host(self, host: &str) -> Self {
        Self { host: host.to_owned(), boot: host.to_owned(), nonce: nonce(), ..self }
    }

    /// Random digits of this process.
    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Whether the owner is a process of this host that has ended. `false` if this cannot be known.
    pub(crate) fn has_ended(&self, observer: &Self) -> bool {
        if self.boot != observer.boot || !Path::new("/proc/self").exists() {
            return false;
        }
        match started(self.process) {
            None => true,
            start => self.process_start.is_some() && start != self.process_start,
        }
    }
}

/// When a process started, in ticks since the boot: field 22 of its `stat`. `None` if it has ended.
fn started(process: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field, the name in brackets, may contain spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // A zombie has ended, although its parent has not yet asked.
    if fields.first() == Some(&"Z") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

/// Sixteen random digits.
fn nonce() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
