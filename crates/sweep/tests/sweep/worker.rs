//! A worker whose jobs write a few files and end.

use minima_sweep::{Claim, JobState, Plan, PlannedJob, Search, Sweep, inherit, publish};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

/// A plan of this many jobs.
pub(crate) fn plan(folder: &Path, jobs: u64) -> Plan {
    let job = |number: u64| PlannedJob {
        number,
        hash: format!("{number:064x}"),
        name: format!("job-{number}"),
        cost_seconds: 1.0,
        job: json!({ "seed": number }),
    };
    Plan::write(folder, json!({ "preset": "test" }), (0..jobs).map(job).collect()).unwrap()
}

/// The bytes of a job's results.
pub(crate) fn results(job: u64) -> [String; 3] {
    [0, 1, 2].map(|step| format!("step {step} of job {job}\n"))
}

/// Works on a claimed job: goes on from what an earlier owner has left, writes a file for each step, and publishes them. Counts
/// the steps that it takes in a log of its own.
pub(crate) fn work(sweep: &Sweep, claim: Claim, log: &Path) {
    let (job, folder) = (claim.job(), sweep.plan().folder());
    let lease = sweep.lease(claim, || ());
    let public = folder.join("runs").join(format!("job-{job}"));
    if !public.is_dir() {
        let work = lease.work();
        if let Some(left) = lease.left_behind() {
            inherit(&left, &work).unwrap();
        }
        fs::create_dir_all(&work).unwrap();
        for (step, text) in results(job).iter().enumerate() {
            let path = work.join(step.to_string());
            if !path.exists() {
                let temporary = work.join(format!("{step}.tmp"));
                fs::write(&temporary, text).unwrap();
                fs::rename(&temporary, &path).unwrap();
                let mut log = OpenOptions::new().create(true).append(true).open(log).unwrap();
                log.write_all(format!("{job} {step}\n").as_bytes()).unwrap();
            }
        }
        publish(&work, &public).unwrap();
    }
    lease.done(&Value::Null).unwrap();
}

/// Checks that every job is done, and that its public results are whole.
pub(crate) fn check(sweep: &Sweep) {
    for (job, state) in sweep.all_states().unwrap() {
        assert_eq!(state, JobState::Done, "job {job}");
        let public = sweep.plan().folder().join("runs").join(format!("job-{job}"));
        let found = [0, 1, 2].map(|step| fs::read_to_string(public.join(step.to_string())).unwrap());
        assert_eq!(found, results(job));
    }
}

/// The folder of the plan, in the environment of a worker's process.
pub(crate) const FOLDER: &str = "MINIMA_SWEEP_FOLDER";

/// The process of a worker, which the tests start. By itself this test does nothing.
#[test]
fn works() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let sweep = Sweep::new(Plan::open(folder).unwrap());
    let log = folder.join(format!("log-{}", std::process::id()));
    let mut search = Search::new(&sweep);
    while let Some(claim) = search.claim_next().unwrap() {
        work(&sweep, claim, &log);
    }
}
