//! Whether the owners of claims are alive, as one observer sees it.
//!
//! Clocks of hosts differ, and so do their ideas of the time at which a file was changed. An observer therefore compares no
//! times of other hosts. It reads a claim again and again and measures on its own monotonic clock for how long the claim's
//! content stays the same.

use crate::claim::ClaimNote;
use std::collections::HashMap;
use std::time::Duration;

/// What an observer knows of the owner of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The claim has not changed yet, but not for long enough.
    Unknown,
    /// The claim has changed while it was observed.
    Alive,
    /// The claim has not changed for longer than the observer's patience.
    Stale,
}

/// What was seen of a claim.
struct Seen {
    generation: u64,
    content: Vec<u8>,
    /// The observer's time at which this content was first seen.
    since: Duration,
    has_changed: bool,
}

/// Observes claims.
pub struct Watch {
    patience: Duration,
    seen: HashMap<u64, Seen>,
}

impl Watch {
    /// An observer that takes a claim for stale if it does not change for this long, or for [`BEATS`](Self::BEATS) of the
    /// claim's own heartbeats if that is longer.
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        Self { patience, seen: HashMap::new() }
    }

    /// The least number of missing heartbeats of a stale claim.
    pub const BEATS: f64 = 4.0;

    /// Notes a claim's bytes at the observer's time `now`, and says what is known of its owner.
    pub fn observe(&mut self, job: u64, generation: u64, content: Vec<u8>, now: Duration) -> Sign {
        let beat = ClaimNote::parse(&content).map_or(0.0, |(note, _)| note.beat_seconds);
        let own = Duration::try_from_secs_f64(Self::BEATS * beat).unwrap_or_default();
        let patience = self.patience.max(own);
        match self.seen.get_mut(&job) {
            Some(seen) if seen.generation == generation && seen.content == content => {
                if now.saturating_sub(seen.since) >= patience {
                    Sign::Stale
                } else if seen.has_changed {
                    Sign::Alive
                } else {
                    Sign::Unknown
                }
            }
            Some(seen) => {
                // Another generation is a sign of life, too: somebody works on the job.
                *seen = Seen { generation, content, since: now, has_changed: true };
                Sign::Alive
            }
            None => {
                self.seen.insert(job, Seen { generation, content, since: now, has_changed: false });
                Sign::Unknown
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_claim_is_stale_once_its_content_has_not_changed_for_the_patience() {
        let mut watch = Watch::new(at(60));
        let mut see = |beat: u8, now: u64| watch.observe(3, 1, vec![beat], at(now));
        assert_eq!(see(0, 1_000), Sign::Unknown);
        assert_eq!(see(0, 1_059), Sign::Unknown);
        assert_eq!(see(1, 1_059), Sign::Alive);
        // The time counts from the first sight of the content.
        assert_eq!(see(1, 1_118), Sign::Alive);
        assert_eq!(see(1, 1_119), Sign::Stale);
        assert_eq!(see(2, 1_200), Sign::Alive);
        assert_eq!(watch.observe(3, 2, vec![2], at(1_300)), Sign::Alive);
        assert_eq!(watch.observe(4, 1, vec![], at(1_300)), Sign::Unknown);
        assert_eq!(watch.observe(4, 1, vec![], at(1_360)), Sign::Stale);
    }
}
