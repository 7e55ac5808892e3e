//! Durations as ISO 8601 text, in the form that clients read.

use time::{Duration, OffsetDateTime};

const SECONDS_PER_DAY: i64 = 86_400;

/// The time between two moments: `PT0.012S`, `P1DT5S`. `None` when it is negative.
///
/// Hours and minutes are not used; a fraction has 3, 6 or 9 digits, as few as lose nothing.
pub(crate) fn iso_duration(from: OffsetDateTime, to: OffsetDateTime) -> Option<String> {
    let duration = to - from;
    if duration < Duration::ZERO {
        return None;
    }
    let days = duration.whole_seconds() / SECONDS_PER_DAY;
    let seconds = duration.whole_seconds() % SECONDS_PER_DAY;
    let nanos = duration.subsec_nanoseconds();
    let mut text = String::from("P");
    if days != 0 {
        text.push_str(&format!("{days}D"));
    }
    if days == 0 || seconds != 0 || nanos != 0 {
        text.push_str(&format!("T{seconds}{}S", fraction(nanos)));
    }
    Some(text)
}

fn fraction(nanos: i32) -> String {
    match nanos {
        0 => String::new(),
        nanos if nanos % 1_000_000 == 0 => format!(".{:03}", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => format!(".{:06}", nanos / 1_000),
        nanos => format!(".{nanos:09}"),
    }
}

/// A span of time with two decimals and the largest unit that fits: `12.00ms`.
pub(crate) fn short_duration(duration: std::time::Duration) -> String {
    format!("{duration:.2?}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn durations() {
        let start = OffsetDateTime::UNIX_EPOCH;
        for (seconds, nanos, expected) in [
            (0, 0, "PT0S"),
            (0, 12_000_000, "PT0.012S"),
            (61, 123_000, "PT61.000123S"),
            (86_405, 0, "P1DT5S"),
            (172_800, 0, "P2D"),
            (172_800, 1, "P2DT0.000000001S"),
        ] {
            assert_eq!(iso_duration(start, start + Duration::new(seconds, nanos)).unwrap(), expected);
        }
        assert_eq!(iso_duration(start, start - Duration::NANOSECOND), None);
    }

    #[test]
    fn traces() {
        assert_eq!(short_duration(std::time::Duration::from_millis(12)), "12.00ms");
    }
}
