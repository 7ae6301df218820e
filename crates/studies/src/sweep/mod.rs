//! Sweeps: studies, and grids over the keys of a preset, as jobs that many hosts work on.
//!
//! [`Settings`] is what the jobs of a plan have in common. [`plan`] lists the jobs. A [`Worker`] trains and measures one of them, and
//! [`gather`] makes the tables from the jobs that are done.

mod data;
mod gather;
mod grid_tables;
mod hash;
mod job_note;
mod jobs;
mod measures;
mod settings;
mod timing;
mod worker;

pub use gather::{Gathered, gather};
pub use job_note::JobNote;
pub use jobs::plan;
pub use settings::{Content, Device, PlannedStudy, Settings, StudyLists};
pub use worker::{Held, Ran, Worker};
