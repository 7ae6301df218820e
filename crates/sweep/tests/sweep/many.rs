//! Many workers on one folder: no job lost or claimed twice.

use super::worker::plan;
use minima_sweep::{JobState, Owner, Search, Sweep};
use serde_json::Value;
use std::sync::Mutex;

#[test]
fn threads_claim_every_job_once() {
    const JOBS: u64 = 1_500;
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(folder.path(), JOBS);
    let claimed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for worker in 0..24 {
            let (plan, claimed) = (plan.clone(), &claimed);
            scope.spawn(move || {
                let sweep = Sweep::new(plan).owned_by(Owner::here().on_host(&format!("host-{worker}")));
                let mut search = Search::new(&sweep);
                while let Some(claim) = search.claim_next().unwrap() {
                    claimed.lock().unwrap().push(claim.job());
                    sweep.lease(claim, || ()).done(&Value::Null).unwrap();
                }
            });
        }
    });
    let mut claimed = claimed.into_inner().unwrap();
    claimed.sort_unstable();
    assert_eq!(claimed, (0..JOBS).collect::<Vec<_>>());
    let sweep = Sweep::new(plan);
    assert!(sweep.all_states().unwrap().iter().all(|(_, state)| *state == JobState::Done));
    // Who comes late lists no folder that is done.
    assert!(Search::new(&sweep).claim_next().unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path().join("claims/ended")).unwrap().count(), 12);
}
