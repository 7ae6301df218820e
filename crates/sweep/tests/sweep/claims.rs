//! Claims of two owners: given back, stale, superseded, resurrected.

use super::worker::{check, plan, results, work};
use minima_sweep::{JobState, Owner, Search, Sign, Sweep, SweepError, Watch, publish};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// A sweep of three jobs, as two hosts see it.
fn on_two_hosts(folder: &Path) -> [Sweep; 2] {
    let plan = plan(folder, 3);
    ["east", "west"].map(|host| Sweep::new(plan.clone()).owned_by(Owner::here().on_host(host)))
}

#[test]
fn a_job_has_one_owner_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let [east, west] = on_two_hosts(folder.path());
    assert_eq!(east.state(1).unwrap(), JobState::Waiting { generation: 0 });
    let claim = east.claim(1, 0).unwrap().unwrap();
    assert!(west.claim(1, 0).unwrap().is_none());
    assert_eq!(west.state(1).unwrap(), JobState::Claimed { generation: 1 });
    let (note, beats) = west.note(1, 1).unwrap();
    assert_eq!((note.owner.host.as_str(), note.generation, beats), ("east", 1, 0));
    // Given back, it waits for its next generation, which goes on from the first.
    let lease = east.lease(claim, || ());
    fs::create_dir_all(lease.work()).unwrap();
    let left = lease.work();
    lease.release().release().unwrap();
    drop(lease);
    assert_eq!(west.state(1).unwrap(), JobState::Waiting { generation: 1 });
    let lease = west.lease(west.claim(1, 1).unwrap().unwrap(), || ());
    assert_eq!(lease.left_behind(), Some(left));
    lease.failed("the loss is NaN").unwrap();
    let state = east.state(1).unwrap();
    assert_eq!(state, JobState::Failed { generation: 2 });
    let end = east.end(1, state).unwrap();
    assert_eq!((end.host.as_str(), end.generation, end.note), ("west", 2, json!("the loss is NaN")));
    // A failed job may be tried again.
    east.lease(east.claim(1, 2).unwrap().unwrap(), || ()).done(&json!({ "seconds": 1 })).unwrap();
    let end = west.end(1, west.state(1).unwrap()).unwrap();
    assert_eq!((end.host.as_str(), end.generation, &end.note["seconds"]), ("east", 3, &json!(1)));
    assert!(matches!(east.state(3), Err(SweepError::Number { number: 3, count: 3 })));
}

#[test]
fn a_heartbeat_is_a_sign_of_life_whatever_the_clocks_say() {
    let folder = tempfile::tempdir().unwrap();
    let [east, west] = on_two_hosts(folder.path());
    // Twelve beats in this time.
    let east = east.with_patience(Duration::from_millis(240));
    let lease = east.lease(east.claim(0, 0).unwrap().unwrap(), || ());
    let (mut watch, start) = (Watch::new(Duration::from_secs(3600)), Instant::now());
    while west.look(&mut watch, start, 0, 1) != Sign::Alive {
        std::thread::yield_now();
    }
    // A clock that is a day ahead, and times of files in the past, change nothing.
    let claim = folder.path().join("claims/0000/0.claim-1");
    let text = fs::read_to_string(&claim).unwrap();
    assert!(text.contains("\"started\":"), "{text}");
    drop(lease);
    let content = fs::read(&claim).unwrap();
    let file = fs::File::options().write(true).open(&claim).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let mut watch = Watch::new(Duration::from_secs(60));
    let mut at = |seconds| watch.observe(0, 1, content.clone(), Duration::from_secs(seconds));
    assert_eq!([at(5), at(64), at(65)], [Sign::Unknown, Sign::Unknown, Sign::Stale]);
}

#[test]
fn patience_covers_the_heartbeats_of_a_slower_owner() {
    let folder = tempfile::tempdir().unwrap();
    let [east, _] = on_two_hosts(folder.path());
    // A beat every 15 s.
    drop(east.lease(east.claim(0, 0).unwrap().unwrap(), || ()));
    let content = fs::read(folder.path().join("claims/0000/0.claim-1")).unwrap();
    let mut watch = Watch::new(Duration::from_secs(1));
    let mut at = |seconds| watch.observe(0, 1, content.clone(), Duration::from_secs(seconds));
    assert_eq!([at(0), at(59), at(60)], [Sign::Unknown, Sign::Unknown, Sign::Stale]);
}

#[test]
fn an_ended_process_of_this_host_is_stale_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let sweep = Sweep::new(plan(folder.path(), 1));
    let claim = sweep.claim(0, 0).unwrap().unwrap();
    let path = folder.path().join("claims/0000/0.claim-1");
    let (mut watch, start) = (Watch::new(Duration::from_secs(3600)), Instant::now());
    // This process runs.
    assert_eq!(sweep.look(&mut watch, start, 0, 1), Sign::Unknown);
    if !Path::new("/proc/self/stat").exists() {
        eprintln!("skipped: there is no /proc");
        return;
    }
    let mut ended = Command::new("true").spawn().unwrap();
    ended.wait().unwrap();
    let of_other = fs::read_to_string(&path).unwrap();
    let of_other = of_other
        .replace(&format!("\"process\":{}", claim.note().owner.process), &format!("\"process\":{}", ended.id()));
    fs::write(&path, of_other).unwrap();
    assert_eq!(sweep.look(&mut watch, start, 0, 1), Sign::Stale);
}

#[test]
fn a_resurrected_owner_corrupts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [east, west] = on_two_hosts(folder.path());
    let east = east.with_patience(Duration::from_millis(120));
    let (lost, is_lost) = channel();
    let sleeper = east.lease(east.claim(0, 0).unwrap().unwrap(), move || lost.send(()).unwrap());
    let half_done = sleeper.work();
    fs::create_dir_all(&half_done).unwrap();
    fs::write(half_done.join("0"), &results(0)[0]).unwrap();
    fs::write(half_done.join("1.tmp"), "half a st").unwrap();
    // The west takes over, and goes on from the first step.
    let log = folder.path().join("log");
    work(&west, west.claim(0, 1).unwrap().unwrap(), &log);
    assert_eq!(fs::read_to_string(&log).unwrap(), "0 1\n0 2\n");
    // The east is told, notices by itself, and its results have no place any more.
    is_lost.recv().unwrap();
    assert!(sleeper.is_lost());
    fs::write(half_done.join("1"), "other bytes").unwrap();
    assert!(!publish(&half_done, &folder.path().join("runs/job-0")).unwrap());
    sleeper.done(&Value::Null).unwrap();
    assert_eq!(west.end(0, JobState::Done).unwrap().host, "west");
    for job in 1..3 {
        work(&west, west.claim(job, 0).unwrap().unwrap(), &log);
    }
    check(&west);
    // A job that is done is not claimed again.
    assert!(east.claim(0, 2).unwrap().is_none());
}

#[test]
fn a_search_finds_what_was_given_back_and_names_what_others_have() {
    let folder = tempfile::tempdir().unwrap();
    let [east, west] = on_two_hosts(folder.path());
    let mut search = Search::new(&west);
    let held = east.claim(2, 0).unwrap().unwrap();
    let mut found: Vec<u64> = (0..2).map(|_| search.claim_next().unwrap().unwrap().job()).collect();
    found.sort_unstable();
    assert_eq!(found, [0, 1]);
    assert!(search.claim_next().unwrap().is_none());
    let mut claimed = search.claimed().to_vec();
    claimed.sort_unstable();
    assert_eq!(claimed, [(0, 1), (1, 1), (2, 1)]);
    east.lease(held, || ()).release().release().unwrap();
    let again = search.claim_next().unwrap().unwrap();
    assert_eq!((again.job(), again.generation()), (2, 2));
}
