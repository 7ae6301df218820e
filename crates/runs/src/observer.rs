//! What an experiment tells while it runs.

use minima_rows::TrainingRow;

/// Something that has happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A training run starts.
    RunStarted {
        /// Its name.
        run: &'a str,
        /// Its place among all runs, from 1.
        number: usize,
        /// The number of runs.
        of: usize,
        /// The steps it will take.
        steps: u64,
    },
    /// The run goes on after so many steps, taken before it was stopped.
    Resumed {
        /// The steps.
        steps: u64,
    },
    /// A step was taken.
    Step {
        /// The batch's loss before it.
        loss: f64,
        /// The batch's accuracy before it.
        accuracy: f64,
    },
    /// An epoch has ended.
    Epoch(&'a TrainingRow),
    /// A run has ended.
    RunEnded {
        /// Its name.
        run: &'a str,
        /// How long it took.
        seconds: f64,
    },
    /// Something else begins, such as the measurements of a model.
    Stage(&'a str),
}

/// Hears of every [`Event`]: a progress bar, a log, or nothing.
pub trait Observer {
    /// Called at each event, on the thread that trains.
    fn on(&mut self, event: Event<'_>);
}

/// Does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn on(&mut self, _event: Event<'_>) {}
}
