//! The compute threads: how many are allowed, and whether this process has enough address space for them.

use anyhow::{Context, Result, bail};
use std::ops::RangeInclusive;

/// The accepted numbers of threads. A larger number could exceed Linux's limit on memory maps per process.
pub(crate) const ALLOWED: RangeInclusive<i64> = 1..=4096;

const MEBIBYTE: u64 = 1 << 20;
/// Size of a thread's stack in Rust's standard library, including the guard page and the signal handler's stack.
const STACK: u64 = 2 * MEBIBYTE + MEBIBYTE / 8;
/// Address space that the C library's allocator may reserve per arena. It makes at most [`ARENAS_A_CORE`] arenas per core.
const ARENA: u64 = 64 * MEBIBYTE;
const ARENAS_A_CORE: u64 = 8;
/// Address space that the program needs besides its threads.
const REST: u64 = 256 * MEBIBYTE;

/// Starts the compute threads: the requested number, or else `RAYON_NUM_THREADS`, or else one per core.
///
/// # Errors
/// Returns an error if the address space is too small or the operating system cannot start the threads.
pub(crate) fn start(asked: Option<u16>) -> Result<()> {
    let (threads, name) = match asked {
        Some(threads) => (usize::from(threads), "--threads"),
        None => (from_environment()?.unwrap_or_else(cores), VARIABLE),
    };
    check(threads, name)?;
    let started = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    started.with_context(|| format!("{name} is {threads}"))
}

/// Checks that the address space suffices for this number of threads. Otherwise a starting thread would abort the program.
///
/// # Errors
/// Returns an error with both sizes if it does not.
pub(crate) fn check(threads: usize, name: &str) -> Result<()> {
    if threads <= cores() {
        return Ok(());
    }
    let (Some(limit), Some(used)) = (limit(), used()) else { return Ok(()) };
    let (taken, left) = (address_space(threads, cores()), limit.saturating_sub(used));
    if taken > left {
        bail!(
            "{name} is {threads}, which needs {} MiB of address space; expected at most {} MiB, the rest of the limit (ulimit -v)",
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

/// The number of threads from the environment. As in Rayon, 0 or an invalid number means one thread per core.
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

/// Bytes of address space that this number of threads needs.
fn address_space(threads: usize, cores: usize) -> u64 {
    let (threads, cores) = (threads as u64, cores as u64);
    let arenas = threads.min(cores.saturating_mul(ARENAS_A_CORE));
    threads.saturating_mul(STACK).saturating_add(arenas.saturating_mul(ARENA)).saturating_add(REST)
}

/// Limit of this process's address space in bytes; `None` if it is unlimited or unknown.
fn limit() -> Option<u64> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Bytes of address space that this process uses; `None` if unknown.
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
