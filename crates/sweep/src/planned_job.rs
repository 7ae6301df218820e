//! A job of a plan: one line of `jobs.jsonl`.

use crate::error::SweepError;
use minima_store::sha256;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A job of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedJob {
    /// The number, from 0.
    pub number: u64,
    /// The SHA-256 of everything that decides the bytes of the job's results.
    pub hash: String,
    /// The name of the job's results, once in a plan.
    pub name: String,
    /// The estimated time of the job, in seconds.
    pub cost_seconds: f64,
    /// The job itself. The sweep does not look into it.
    pub job: serde_json::Value,
}

/// A job with the check sum of its line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    number: u64,
    hash: String,
    name: String,
    cost_seconds: f64,
    job: serde_json::Value,
    /// The first half of the SHA-256 of the job without this field.
    check: String,
}

impl PlannedJob {
    /// The job's line, with its line break.
    pub(crate) fn to_line(&self) -> Result<String, SweepError> {
        let failed = |source| SweepError::Json { name: self.name.clone(), source };
        let Self { number, hash, name, cost_seconds, job } = self.clone();
        let line = Line { number, hash, name, cost_seconds, job, check: self.check()? };
        Ok(serde_json::to_string(&line).map_err(failed)? + "\n")
    }

    /// Reads line `number` of the list at `path`, and checks that it was not changed.
    pub(crate) fn from_line(line: &[u8], number: u64, path: &Path) -> Result<Self, SweepError> {
        let edited = |found: String, expected: &str| SweepError::Edited {
            path: path.to_owned(),
            line: Some(number + 1),
            found,
            expected: expected.to_owned(),
        };
        let Line { number: own, hash, name, cost_seconds, job, check } =
            serde_json::from_slice(line).map_err(|error| edited(error.to_string(), "a job"))?;
        let job = Self { number: own, hash, name, cost_seconds, job };
        if own != number {
            return Err(edited(format!("job {own}"), &format!("job {number}")));
        }
        let expected = job.check()?;
        if check != expected {
            return Err(edited(format!("check {check}"), &format!("check {expected}")));
        }
        Ok(job)
    }

    fn check(&self) -> Result<String, SweepError> {
        let bytes = serde_json::to_vec(self);
        let bytes = bytes.map_err(|source| SweepError::Json { name: self.name.clone(), source })?;
        Ok(sha256(&bytes).chars().take(32).collect())
    }
}
