//! Lists of jobs that many processes on many hosts work through in one folder, also on network file systems without locks.
//!
//! A [`Plan`] is a list of jobs on disk. A job is any JSON with a hash of everything that decides its results. A process claims a job
//! with an exclusively created file that has its host, its process number and a heartbeat. If the heartbeat stops, another
//! process supersedes the claim with one of the next generation. No process deletes or changes files of another. Results are
//! computed in a folder of the claim's generation, and published by one renaming.
//!
//! ```
//! use minima_sweep::{JobState, Plan, PlannedJob, Search, Sweep};
//! use serde_json::{Value, json};
//!
//! let folder = std::env::temp_dir().join(format!("minima-sweep-example-{}", std::process::id()));
//! let job = |name: &str| PlannedJob {
//!     number: 0,
//!     hash: format!("the hash of {name}"),
//!     name: name.to_owned(),
//!     cost_seconds: 1.0,
//!     job: json!({ "learning rate": 0.1 }),
//! };
//! let plan = Plan::write(&folder, Value::Null, vec![job("one"), job("two")])?;
//! let sweep = Sweep::new(plan);
//! let mut search = Search::new(&sweep);
//! while let Some(claim) = search.claim_next()? {
//!     let lease = sweep.lease(claim, || ());
//!     // The work goes here.
//!     lease.done(&Value::Null)?;
//! }
//! assert_eq!(sweep.state(1)?, JobState::Done);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod claim;
mod error;
mod exclusive;
mod layout;
mod lease;
mod numbers;
mod owner;
mod plan;
mod planned_job;
mod search;
mod shard;
mod slurm;
mod sweep;
mod watch;

pub use claim::{Claim, ClaimNote, Release};
pub use error::SweepError;
pub use layout::shard_name;
pub use lease::{Lease, inherit, publish};
pub use numbers::numbers;
pub use owner::Owner;
pub use plan::Plan;
pub use planned_job::PlannedJob;
pub use search::Search;
pub use shard::JobState;
pub use slurm::{REQUEUE, SlurmScript};
pub use sweep::{BEAT, JobEnd, PATIENCE, Sweep, sweep_folder};
pub use watch::{Sign, Watch};
