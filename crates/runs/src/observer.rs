//! Events of a running experiment, for progress reports.

use minima_rows::TrainingRow;

/// An event of a running experiment.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A training run starts.
    RunStarted {
        /// Its name.
        run: &'a str,
        /// The number of the run, from 1.
        number: usize,
        /// The number of all runs.
        of: usize,
        /// The number of steps of the run.
        steps: u64,
    },
    /// The run resumes from a saved state.
    Resumed {
        /// The steps taken before.
        steps: u64,
    },
    /// A step was taken.
    Step {
        /// The batch's loss before the step.
        loss: f64,
        /// The batch's accuracy before the step.
        accuracy: f64,
    },
    /// An epoch is completed.
    Epoch(&'a TrainingRow),
    /// A run is completed.
    RunEnded {
        /// Its name.
        run: &'a str,
        /// The time of the run.
        seconds: f64,
    },
    /// Another stage begins, such as the measurements of a model.
    Stage(&'a str),
}

/// Receives every [`Event`], for instance a progress bar or a log.
pub trait Observer {
    /// Called at each event, on the thread that trains.
    fn on(&mut self, event: Event<'_>);
}

/// An observer that ignores all events.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn on(&mut self, _event: Event<'_>) {}
}
