//! The threads that compute: how many there may be, and whether this process has the address space for them.

use anyhow::{Context, Result, bail};
use std::ops::RangeInclusive;

/// How many threads a user may ask for. More would run into the number of memory maps that Linux allows a process.
pub(crate) const ALLOWED: RangeInclusive<i64> = 1..=4096;

const MEBIBYTE: u64 = 1 << 20;
/// A thread's stack as Rust's library makes it, with its guard page and the stack of its signal handler.
const STACK: u64 = 2 * MEBIBYTE + MEBIBYTE / 8;
/// What the C library's allocator may reserve for a thread, and for how many threads a core it does so.
const ARENA: u64 = 64 * MEBIBYTE;
const ARENAS_A_CORE: u64 = 8;
/// What the program needs beside its threads.
const REST: u64 = 256 * MEBIBYTE;

/// Starts the threads that compute: as many as asked for, or as `RAYON_NUM_THREADS` says, or one a core.
///
/// # Errors
/// Returns an error if there is no address space for them, or the operating system starts no more threads.
pub(crate) fn start(asked: Option<u16>) -> Result<()> {
    let (threads, name) = match asked {
        Some(threads) => (usize::from(threads), "--threads"),
        None => (from_environment()?.unwrap_or_else(cores), VARIABLE),
    };
    check(threads, name)?;
    let started = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    started.with_context(|| format!("{name} is {threads}"))
}

/// Checks that there is address space for so many threads. A thread that starts without it would end the whole program.
///
/// # Errors
/// Returns an error that names both sizes if there is not.
pub(crate) fn check(threads: usize, name: &str) -> Result<()> {
    if threads <= cores() {
        return Ok(());
    }
    let (Some(limit), Some(used)) = (limit(), used()) else { return Ok(()) };
    let (taken, left) = (address_space(threads, cores()), limit.saturating_sub(used));
    if taken > left {
        bail!(
            "{name} is {threads}, which takes {} MiB of address space; expected at most {} MiB, which the limit leaves (ulimit -v)",
            taken / MEBIBYTE,
            left / MEBIBYTE
        );
    }
    Ok(())
}

/// The number of cores.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

const VARIABLE: &str = "RAYON_NUM_THREADS";

/// The number of threads in the environment. What is no number, and 0, means one a core, as in Rayon.
fn from_environment() -> Result<Option<usize>> {
    let Some(threads) = std::env::var(VARIABLE).ok().and_then(|text| text.parse::<usize>().ok()) else {
        return Ok(None);
    };
    let most = *ALLOWED.end();
    if i64::try_from(threads).map_or(true, |threads| threads > most) {
        bail!("{VARIABLE} is {threads}; expected at most {most}");
    }
    Ok((threads > 0).then_some(threads))
}

/// The bytes of address space that so many threads take.
fn address_space(threads: usize, cores: usize) -> u64 {
    let (threads, cores) = (threads as u64, cores as u64);
    let arenas = threads.min(cores.saturating_mul(ARENAS_A_CORE));
    threads.saturating_mul(STACK).saturating_add(arenas.saturating_mul(ARENA)).saturating_add(REST)
}

/// The limit of this process's address space in bytes; `None` where there is none, or the system does not tell.
fn limit() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The address space that this process has in bytes; `None` where the system does not tell.
fn used() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_take_their_stacks_and_some_arenas() {
        assert_eq!(address_space(1, 2), STACK + ARENA + REST);
        assert_eq!(address_space(4000, 2), 4000 * STACK + 16 * ARENA + REST);
        // 4 000 threads do not fit into 4 GB.
        assert!(address_space(4000, 2) > 4_096_000_000);
    }

    #[test]
    fn as_many_threads_as_cores_are_never_refused() {
        check(cores(), "--threads").unwrap();
        check(1, "--threads").unwrap();
    }
}
