//! When a search stops ranking.

use std::time::{Duration, Instant};

use quarry_index::Settings;

/// The moment after which no further bucket is computed.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
}

impl Deadline {
    /// The cut-off of a search that starts now.
    pub fn of_search(settings: &Settings) -> Deadline {
        Deadline::after_ms(settings.cutoff_ms())
    }

    /// `cutoff_ms` from now.
    pub(crate) fn after_ms(cutoff_ms: u64) -> Deadline {
        let cutoff = Duration::from_millis(cutoff_ms);
        // A cut-off beyond what the clock can hold is as good as a day.
        let now = Instant::now();
        let at = now.checked_add(cutoff).unwrap_or(now + Duration::from_secs(86_400));
        Deadline { at }
    }

    /// Whether it is too late to go on.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() >= self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_over_at_once() {
        assert!(Deadline::after_ms(0).is_over());
        assert!(!Deadline::after_ms(60_000).is_over());
        assert!(!Deadline::after_ms(u64::MAX).is_over());
    }
}
