//! Plans: read back, refused, changed by hand.

use super::worker::plan;
use minima_sweep::{Plan, PlannedJob, SweepError};
use serde_json::json;
use std::fs;

#[test]
fn jobs_are_read_one_by_one_and_together() {
    let folder = tempfile::tempdir().unwrap();
    plan(folder.path(), 300);
    let read = Plan::open(folder.path()).unwrap();
    let all = read.jobs().unwrap();
    assert_eq!((read.count(), all.len()), (300, 300));
    for (number, job) in (0..).zip(&all) {
        assert_eq!(read.job(number).unwrap(), *job);
        assert_eq!((job.number, &job.job), (number, &json!({ "seed": number })));
    }
    let error = read.job(300).unwrap_err().to_string();
    assert_eq!(error, "job is 300; expected 0 to 299, the jobs of this plan");
}

#[test]
fn the_same_plan_is_written_once_and_another_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Plan::open(folder.path()), Err(SweepError::NoPlan(_))));
    let first = plan(folder.path(), 3);
    let before = fs::read(folder.path().join("jobs.jsonl")).unwrap();
    // Another estimate of the costs is the same plan.
    let jobs = || first.jobs().unwrap();
    let slower = jobs().into_iter().map(|job| PlannedJob { cost_seconds: 2.0, ..job }).collect();
    Plan::write(folder.path(), first.settings().clone(), slower).unwrap();
    assert_eq!(fs::read(folder.path().join("jobs.jsonl")).unwrap(), before);
    let refused = |jobs: Vec<PlannedJob>, part: &str| {
        let error = Plan::write(folder.path(), first.settings().clone(), jobs).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    refused(jobs()[..2].to_vec(), "found `3 jobs`, expected `2 jobs`");
    let mut other = jobs();
    other[1].hash = format!("{:064x}", 77);
    refused(other, "found `job 1: job-1 000000000000`");
    let error = Plan::write(folder.path(), json!({ "preset": "other" }), jobs()).unwrap_err();
    assert!(matches!(error, SweepError::OtherPlan { .. }), "{error}");
    let mut twice = jobs();
    twice[2].name = "job-0".to_owned();
    let empty = tempfile::tempdir().unwrap();
    let error = Plan::write(empty.path(), json!(null), twice).unwrap_err().to_string();
    assert!(error.contains("the jobs 0 and 2 of the plan are both job-0"), "{error}");
    assert!(matches!(Plan::write(empty.path(), json!(null), vec![]), Err(SweepError::Empty)));
}

#[test]
fn a_list_that_was_changed_by_hand_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let read = plan(folder.path(), 5);
    let path = folder.path().join("jobs.jsonl");
    let whole = fs::read_to_string(&path).unwrap();
    let changes = [
        (whole.replace("{\"seed\":2}", "{\"seed\":7}"), "line 3: found check"),
        (whole.replace("\"job-2\"", "\"job-9\""), "line 3: found check"),
        (whole.replace("\"number\":2", "\"number\":3"), "line 3: found job 3, expected job 2"),
        (whole.replace(&format!("{:064x}", 2), &format!("{:064x}", 3)), "line 3: found check"),
        (whole.replace("{\"seed\":2}", "{\"seed\":2222}"), "line 3: found"),
    ];
    for (changed, part) in changes {
        fs::write(&path, changed).unwrap();
        for error in [read.job(2).unwrap_err().to_string(), read.jobs().unwrap_err().to_string()] {
            assert!(error.contains(part) && error.contains("jobs.jsonl"), "{error}");
        }
    }
    // A list that was cut off, or has more, is refused as a whole.
    for changed in [whole.lines().take(4).map(|line| format!("{line}\n")).collect(), format!("{whole}\n{{}}\n")] {
        fs::write(&path, changed).unwrap();
        let error = read.jobs().unwrap_err();
        assert!(matches!(error, SweepError::Edited { .. }), "{error}");
    }
    fs::write(&path, &whole).unwrap();
    let index = folder.path().join("jobs.index");
    fs::write(&index, "rubbish").unwrap();
    assert!(read.job(2).unwrap_err().to_string().contains("expected two places"), "{:?}", read.job(2));
    fs::remove_file(&index).unwrap();
    assert!(read.job(2).unwrap_err().to_string().contains("found no file"), "{:?}", read.job(2));
    let header = folder.path().join("plan.json");
    let changed = fs::read_to_string(&header).unwrap().replace("\"jobs\":5", "\"jobs\":6");
    fs::write(&header, changed).unwrap();
    assert!(matches!(Plan::open(folder.path()), Err(SweepError::Seal(_))));
}
