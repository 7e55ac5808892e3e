//! Indexes that cannot be opened now, but perhaps later: their tasks are passed over for a while, and others go on.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long an index is left aside the first time; twice as long each further time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// After one pause of this length the tasks of the index fail: their clients have waited about a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(32);

/// The indexes, with the end of the pause and its length.
#[derive(Default)]
pub(crate) struct Aside {
    pauses: HashMap<String, (Instant, Duration)>,
}

impl Aside {
    /// Leaves the index `uid` aside; whether there is patience left for it. When not, it is forgotten.
    pub(crate) fn put(&mut self, uid: &str) -> bool {
        let pause = self.pauses.get(uid).map_or(FIRST_PAUSE, |(_, before)| *before * 2);
        if pause > LONGEST_PAUSE {
            self.pauses.remove(uid);
            return false;
        }
        self.pauses.insert(uid.to_owned(), (Instant::now() + pause, pause));
        true
    }

    /// Forgets indexes whose tasks have run.
    pub(crate) fn remove<'u>(&mut self, uids: impl Iterator<Item = &'u str>) {
        if !self.pauses.is_empty() {
            for uid in uids {
                self.pauses.remove(uid);
            }
        }
    }

    /// The indexes that are aside now.
    pub(crate) fn indexes(&self) -> impl Iterator<Item = &str> {
        let now = Instant::now();
        self.pauses.iter().filter(move |(_, (end, _))| *end > now).map(|(uid, _)| uid.as_str())
    }

    /// How long it is until the next pause ends; none if no index is aside.
    pub(crate) fn until_next(&self) -> Option<Duration> {
        let now = Instant::now();
        self.pauses
            .values()
            .map(|(end, _)| end.saturating_duration_since(now))
            .filter(|left| !left.is_zero())
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends() {
        let mut aside = Aside::default();
        let times = (0..).take_while(|_| aside.put("a")).count();
        assert_eq!(times, 6, "1, 2, 4, 8, 16 and 32 seconds");
        assert_eq!(aside.indexes().count(), 0);
        assert!(aside.put("a"), "the next task is waited for again");
        assert_eq!(aside.indexes().collect::<Vec<_>>(), ["a"]);
        assert!(aside.until_next().is_some_and(|pause| pause <= FIRST_PAUSE));
        aside.remove(["a", "b"].into_iter());
        assert_eq!(aside.until_next(), None);
    }
}
