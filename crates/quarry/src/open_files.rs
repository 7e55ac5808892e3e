//! The limit of open files, shared out between indexes, connections and the rest.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files of an open index: its data twice, its table of readers.
const FILES_PER_INDEX: u64 = 3;

/// Files of everything else: listeners, logs, the queue, payloads and spills that are being written, and
/// connections whose TLS handshake runs.
const FILES_OF_THE_REST: u64 = 64 + 128;

/// More indexes are not kept open, however many files there may be.
const OPEN_INDEXES_MAX: u64 = 128;

/// More connections are not useful.
const CONNECTIONS_MAX: u64 = 10_000;

/// How many of each thing may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenFiles {
    /// Indexes that are kept open when nobody uses them.
    pub(crate) indexes_max: usize,
    /// Connections of clients.
    pub(crate) connections_max: usize,
}

impl OpenFiles {
    /// Raises the limit as far as the system lets us, and shares it out.
    pub(crate) fn share_out() -> OpenFiles {
        let limit = getrlimit(Resource::Nofile);
        // Refused: the limit stays what it was.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
        OpenFiles::of(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX))
    }

    fn of(limit: u64) -> OpenFiles {
        let indexes_max = (limit / 2 / FILES_PER_INDEX).clamp(1, OPEN_INDEXES_MAX);
        let left = limit.saturating_sub(indexes_max * FILES_PER_INDEX + FILES_OF_THE_REST);
        let connections_max = left.clamp(8, CONNECTIONS_MAX);
        OpenFiles { indexes_max: indexes_max as usize, connections_max: connections_max as usize }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares() {
        let check = |limit, indexes_max, connections_max| {
            assert_eq!(OpenFiles::of(limit), OpenFiles { indexes_max, connections_max }, "{limit}");
        };
        check(0, 1, 8);
        check(256, 42, 8);
        check(1024, 128, 448);
        check(u64::MAX, 128, 10_000);
    }
}
