//! How long requests took.

use std::fmt;
use std::time::Duration;

/// The times of some requests.
#[derive(Debug, Default, Clone)]
pub(crate) struct Latencies {
    times: Vec<Duration>,
}

impl Latencies {
    /// Adds a request.
    pub(crate) fn add(&mut self, time: Duration) {
        self.times.push(time);
    }

    /// Adds those of another.
    pub(crate) fn extend(&mut self, other: Latencies) {
        self.times.extend(other.times);
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    /// The time that `percent` of the requests did not exceed; zero without requests.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let place = (times.len() * percent).div_ceil(100).saturating_sub(1);
        times.get(place).copied().unwrap_or_default()
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |percent| self.percentile(percent).as_secs_f64() * 1000.0;
        write!(
            formatter,
            "{}, p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
            self.len(),
            ms(50),
            ms(95),
            ms(99),
            ms(100)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentile(95), Duration::ZERO);
        (1..=100).rev().for_each(|ms| latencies.add(Duration::from_millis(ms)));
        let check = |percent, ms| assert_eq!(latencies.percentile(percent), Duration::from_millis(ms));
        check(50, 50);
        check(95, 95);
        check(100, 100);
    }
}
