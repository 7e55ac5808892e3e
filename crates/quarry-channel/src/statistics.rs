//! How much the senders had to wait.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one channel, summed over its senders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChannelStatistics {
    /// Times that a sender asked for room, in its ring or in the queue of oversized operations.
    pub attempts: u64,
    /// Those of `attempts` that found none and had to wait.
    pub blocked_attempts: u64,
}

impl ChannelStatistics {
    /// Blocked attempts per attempt, in 0.0..=1.0. Zero if nothing was sent.
    pub fn congestion_ratio(&self) -> f64 {
        if self.attempts == 0 { 0.0 } else { self.blocked_attempts as f64 / self.attempts as f64 }
    }
}

/// Counts of one sender, alone on its cache lines: adjacent lines are fetched in pairs of 64 bytes.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    attempts: AtomicU64,
    blocked_attempts: AtomicU64,
}

impl Counters {
    pub(crate) fn count_attempt(&self) {
        self.attempts.fetch_add(1, Ordering::Relaxed);
    }

    /// An attempt failed, and what follows is another one.
    pub(crate) fn count_blocked(&self) {
        self.blocked_attempts.fetch_add(1, Ordering::Relaxed);
        self.count_attempt();
    }
}

/// Sums the counts of all senders. Exact once they are gone, otherwise a little late.
pub(crate) fn sum(counters: &[Counters]) -> ChannelStatistics {
    counters.iter().fold(ChannelStatistics::default(), |sum, counters| ChannelStatistics {
        // Blocked attempts first: each was counted before the attempt that follows it, so the ratio stays below 1.
        blocked_attempts: sum.blocked_attempts + counters.blocked_attempts.load(Ordering::Relaxed),
        attempts: sum.attempts + counters.attempts.load(Ordering::Relaxed),
    })
}
