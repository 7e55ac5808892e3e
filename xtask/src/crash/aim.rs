//! At what a kill aims, and how often that was hit.

use std::collections::BTreeMap;
use std::time::Duration;

use quarry_crash::CrashPoint;

use crate::random::Random;

/// A load that does not come to its point within this time is killed where it is.
const POINT_WAIT_MAX: Duration = Duration::from_secs(2);

/// When the server dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// At a named point, passed `times - 1` times before.
    Point { point: CrashPoint, times: u64 },
    /// As soon as so many writes were acknowledged.
    Acknowledgement { count: u64 },
    /// After a while.
    Time { after: Duration },
    /// A while after the start, before it answers.
    Start { after: Duration },
}

impl Aim {
    /// A random aim.
    ///
    /// - `before`: that of the kill before, if it was hit
    pub(super) fn random(random: &mut Random, before: Option<Aim>) -> Aim {
        if before.is_some_and(Aim::leaves_recovery) && random.happens(60) {
            return Aim::Point { point: CrashPoint::BatchRecovering, times: 1 };
        }
        match random.below(100) {
            0..5 => Aim::Start { after: Duration::from_millis(random.below(60)) },
            5..25 => Aim::Time { after: Duration::from_millis(random.below(800)) },
            25..30 => Aim::Acknowledgement { count: 1 + random.below(30) },
            _ => {
                let point = *random.one_of(CrashPoint::ALL);
                Aim::Point { point, times: times(random, point) }
            }
        }
    }

    /// Whether the server finds at its next start that an index knows more than the queue.
    fn leaves_recovery(self) -> bool {
        use CrashPoint::{BatchFinishing, BatchRecovering, IndexCommitted};
        matches!(self, Aim::Point { point: BatchFinishing | BatchRecovering | IndexCommitted, .. })
    }

    /// The point, if that is what it aims at.
    pub(super) fn point(self) -> Option<CrashPoint> {
        match self {
            Aim::Point { point, .. } => Some(point),
            _ => None,
        }
    }

    /// What the server is told.
    pub(super) fn variable(self) -> Option<String> {
        match self {
            Aim::Point { point, times } => Some(format!("{}:{times}", point.name())),
            _ => None,
        }
    }

    /// How long a load runs at most.
    pub(super) fn wait_max(self) -> Duration {
        match self {
            Aim::Time { after } | Aim::Start { after } => after,
            Aim::Point { .. } | Aim::Acknowledgement { .. } => POINT_WAIT_MAX,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Aim::Point { point, .. } => point.name(),
            Aim::Acknowledgement { .. } => "after an acknowledgement",
            Aim::Time { .. } => "at a random time",
            Aim::Start { .. } => "during the start",
        }
    }
}

/// How often a point is passed: more often, the more often a load comes to it.
fn times(random: &mut Random, point: CrashPoint) -> u64 {
    let most = match point {
        CrashPoint::EntryWritten => 1 << random.below(13),
        CrashPoint::PayloadKept | CrashPoint::TasksRegistering | CrashPoint::TasksRegistered => 20,
        CrashPoint::BatchStarted
        | CrashPoint::BatchFinishing
        | CrashPoint::BatchFinished
        | CrashPoint::IndexCommitting
        | CrashPoint::IndexCommitted => 6,
        CrashPoint::BatchRecovering | CrashPoint::QueueCompacting | CrashPoint::QueueCompacted => 1,
        _ => 3,
    };
    1 + random.below(most)
}

/// Kills by their aims.
#[derive(Default)]
pub(super) struct Tally {
    by_name: BTreeMap<&'static str, Hits>,
}

#[derive(Default)]
struct Hits {
    aimed: u64,
    hit: u64,
}

impl Tally {
    /// Counts one kill.
    pub(super) fn count(&mut self, aim: Aim, is_hit: bool) {
        let hits = self.by_name.entry(aim.name()).or_default();
        hits.aimed += 1;
        hits.hit += u64::from(is_hit);
    }

    /// Prints a line for each aim. A kill that missed its point came at another moment.
    pub(super) fn print(&self) {
        println!("  hit  aimed  where");
        for (name, hits) in &self.by_name {
            println!("{:5}  {:5}  {name}", hits.hit, hits.aimed);
        }
        let (hit, aimed) =
            self.by_name.values().fold((0, 0), |(hit, aimed), hits| (hit + hits.hit, aimed + hits.aimed));
        println!("{hit:5}  {aimed:5}  in all");
        let never = CrashPoint::ALL
            .iter()
            .filter(|point| self.by_name.get(point.name()).is_none_or(|hits| hits.hit == 0));
        let never: Vec<&str> = never.map(|point| point.name()).collect();
        if !never.is_empty() {
            println!("never hit: {}", never.join(", "));
        }
    }
}
