//! Runs independent work items on all cores, one core each. The failure of one item does not stop the others.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Calls `work` for all items, with up to `threads` workers, each with its own thread pool. Returns the results in the items'
/// order.
///
/// If there are fewer items than threads, each pool has several threads. Results do not depend on the number of threads.
pub fn run_all<I: Sync, R: Send, E: Send>(
    items: &[I],
    threads: usize,
    work: impl Fn(&I) -> Result<R, E> + Sync,
) -> Vec<Result<R, E>> {
    let threads = threads.max(1);
    let workers = threads.min(items.len()).max(1);
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<R, E>)>> = Mutex::new(Vec::new());
    let worker = |own_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(own_threads).build();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else { break };
            let result = match &pool {
                Ok(pool) => pool.install(|| work(item)),
                // If the pool cannot be built, the worker uses the global thread pool.
                Err(_) => work(item),
            };
            done.lock().unwrap_or_else(PoisonError::into_inner).push((place, result));
        }
    };
    std::thread::scope(|scope| {
        let mut started = 0;
        for number in 0..workers {
            let own_threads = threads / workers + usize::from(number < threads % workers);
            let worker = &worker;
            // If the system cannot start more threads, the started ones do all the work.
            if std::thread::Builder::new().spawn_scoped(scope, move || worker(own_threads)).is_err() {
                break;
            }
            started += 1;
        }
        if started == 0 {
            worker(threads);
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::RunError;

    #[test]
    fn results_come_in_order_and_failures_alone() {
        let items: Vec<usize> = (0..23).collect();
        for threads in [0, 1, 2, 5, 40] {
            let results = run_all(&items, threads, |&item| {
                if item % 5 == 3 { Err(RunError::NotTrained { run: item.to_string() }) } else { Ok(item * item) }
            });
            assert_eq!(results.len(), items.len());
            for (item, result) in items.iter().zip(results) {
                match result {
                    Ok(square) => assert_eq!(square, item * item),
                    Err(error) => assert!(item % 5 == 3 && error.to_string().contains(&item.to_string())),
                }
            }
        }
        assert!(run_all(&[(); 0], 3, |()| Ok::<_, RunError>(())).is_empty());
    }
}
