//! A stopwatch, its timings, and the timed optimizers.

use minima_autodiff::FunctionSpace;
use minima_optim::{Adam, GaussNewton, GgnVariant, Optimizer, Sgd};
use minima_runs::{Host, RunError};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Images per batch.
pub(crate) const BATCH: usize = 128;
/// A measurement is repeated for this time, but at least [`LEAST`] times.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// The minimum number of repetitions of a measurement.
const LEAST: usize = 5;

/// The timing of one operation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// Name of the operation.
    pub name: String,
    /// The median, in milliseconds.
    pub median_ms: f64,
    /// The 10 % quantile, in milliseconds.
    pub p10_ms: f64,
    /// The 90 % quantile, in milliseconds.
    pub p90_ms: f64,
    /// Multiplications and additions per second, in units of 10⁹; 0 if they were not counted.
    pub gflops: f64,
}

impl Timing {
    /// The timing of an operation from its repetitions in milliseconds, without a count of multiplications and additions.
    #[must_use]
    pub fn of(name: String, mut taken_ms: Vec<f64>) -> Self {
        taken_ms.sort_by(f64::total_cmp);
        let at = |fraction| minima_metrics::quantile(&taken_ms, fraction).unwrap_or(f64::NAN);
        Self { name, median_ms: at(0.5), p10_ms: at(0.1), p90_ms: at(0.9), gflops: 0.0 }
    }
}

/// All timings of a benchmark.
#[derive(Clone, Debug, Serialize)]
pub struct Timings {
    /// The host.
    pub host: Host,
    /// Number of compute threads.
    pub threads: usize,
    /// One element per operation.
    pub results: Vec<Timing>,
}

/// Times operations whose name contains `filter`.
pub(crate) struct Stopwatch<'a> {
    filter: &'a str,
    results: Vec<Timing>,
}

impl<'a> Stopwatch<'a> {
    pub(crate) fn new(filter: &'a str) -> Self {
        Self { filter, results: Vec::new() }
    }

    pub(crate) fn into_results(self) -> Vec<Timing> {
        self.results
    }

    /// Whether an operation with this name is timed.
    pub(crate) fn wants(&self, name: &str) -> bool {
        name.contains(self.filter)
    }

    /// Records an operation that was timed elsewhere, in milliseconds.
    pub(crate) fn record(&mut self, name: String, taken_ms: Vec<f64>) {
        self.results.push(Timing::of(name, taken_ms));
    }

    /// Times work once, for work that takes seconds.
    pub(crate) fn once<R>(&mut self, name: &str, work: impl FnOnce() -> Result<R, RunError>) -> Result<(), RunError> {
        if !self.wants(name) {
            return Ok(());
        }
        let start = Instant::now();
        std::hint::black_box(work()?);
        self.record(name.to_owned(), vec![1e3 * start.elapsed().as_secs_f64()]);
        Ok(())
    }

    /// Times `work`, which needs `operations` multiplications and additions.
    pub(crate) fn time<R>(
        &mut self,
        name: &str,
        operations: f64,
        mut work: impl FnMut() -> Result<R, RunError>,
    ) -> Result<(), RunError> {
        self.time_prepared(name, operations, || (), |()| work())
    }

    /// Like [`time`](Self::time), for work on the result of `prepare`, which is not timed.
    pub(crate) fn time_prepared<I, R>(
        &mut self,
        name: &str,
        operations: f64,
        prepare: impl Fn() -> I,
        mut work: impl FnMut(I) -> Result<R, RunError>,
    ) -> Result<(), RunError> {
        if !name.contains(self.filter) {
            return Ok(());
        }
        work(prepare())?;
        let (start, mut taken) = (Instant::now(), Vec::new());
        while taken.len() < LEAST || start.elapsed() < PATIENCE {
            let prepared = prepare();
            let begun = Instant::now();
            std::hint::black_box(work(prepared)?);
            taken.push(1e3 * begun.elapsed().as_secs_f64());
        }
        let timing = Timing::of(name.to_owned(), taken);
        let gflops = operations / timing.median_ms / 1e6;
        self.results.push(Timing { gflops, ..timing });
        Ok(())
    }
}

/// An optimizer and its name in timings.
pub(crate) type Named<E> = (&'static str, Box<dyn Optimizer<f32, E>>);

/// The optimizers whose steps and epochs are timed.
pub(crate) fn optimizers<E>() -> [Named<E>; 4]
where
    E: FunctionSpace<f32, f32> + FunctionSpace<f32, f64> + 'static,
{
    [
        ("sgd", Box::new(Sgd::<f32, E>::new(0.01))),
        ("adam", Box::new(Adam::<f32, E>::new(0.001))),
        ("gauss_newton_mean", Box::new(GaussNewton::mean())),
        ("gauss_newton_published", Box::new(GaussNewton::new(GgnVariant::Coupled))),
    ]
}
