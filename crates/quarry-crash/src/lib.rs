//! Moments at which crash tests kill the process: how `cargo xtask crash` aims.
//!
//! A build with debug assertions looks once at the variable `QUARRY_CRASH_AT`. With `index-committed:3` it ends
//! itself by SIGKILL when it is at that point for the third time: nothing is flushed, dropped or answered. In a
//! build without debug assertions, which is what users get, the points are empty functions.

/// The variable that names the point and how often it is passed before, as `index-committed:3`.
pub const VARIABLE: &str = "QUARRY_CRASH_AT";

macro_rules! crash_points {
    ($($(#[$doc:meta])* $point:ident = $name:literal,)*) => {
        /// A moment that is hard for what must not be lost: something is done, and what belongs to it is not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum CrashPoint {
            $($(#[$doc])* $point,)*
        }

        impl CrashPoint {
            /// Every point.
            pub const ALL: &[CrashPoint] = &[$(CrashPoint::$point,)*];

            /// The name in [`VARIABLE`].
            pub fn name(self) -> &'static str {
                match self {
                    $(CrashPoint::$point => $name,)*
                }
            }
        }
    };
}

crash_points! {
    /// The documents of an addition are durable; no task refers to them.
    PayloadKept = "payload-kept",
    /// Tasks are in the transaction of the queue, which is not committed.
    TasksRegistering = "tasks-registering",
    /// Tasks are committed; no client was told.
    TasksRegistered = "tasks-registered",
    /// A batch is announced; nothing of it is done.
    BatchStarted = "batch-started",
    /// The index is made; the queue does not name it.
    IndexCreated = "index-created",
    /// Tables that a change of settings builds anew are empty.
    TablesEmptied = "tables-emptied",
    /// The writer has put or deleted one entry of many.
    EntryWritten = "entry-written",
    /// Late changes are in their tables and wait no more, in a transaction that is not committed.
    LateChangesSettling = "late-changes-settling",
    /// The base of a dictionary is new; the words beside it are still there.
    DictionaryMerging = "dictionary-merging",
    /// All that a batch writes to its index is in the transaction, which is not committed.
    IndexCommitting = "index-committing",
    /// The index has a batch; the queue does not know.
    IndexCommitted = "index-committed",
    /// Two indexes have changed their names in the transaction of the queue, which is not committed.
    IndexSwapping = "index-swapping",
    /// The same with one index that gets another name.
    IndexRenaming = "index-renaming",
    /// The same with an index that goes.
    IndexDeleting = "index-deleting",
    /// The index is written anew and durable; the queue names the one before.
    IndexCompacted = "index-compacted",
    /// The queue has forgotten an index; its folder is still there.
    IndexDiscarding = "index-discarding",
    /// Tasks are canceled in the transaction of the queue, which is not committed.
    TasksCanceling = "tasks-canceling",
    /// The same with tasks that are deleted.
    TasksDeleting = "tasks-deleting",
    /// The end of a batch is in the transaction of the queue, which is not committed.
    BatchFinishing = "batch-finishing",
    /// The queue has the end of a batch; payloads and folders that nobody needs are still there.
    BatchFinished = "batch-finished",
    /// After a start: the index has a batch, and the queue is about to be told.
    BatchRecovering = "batch-recovering",
    /// The queue is written anew beside its file.
    QueueCompacting = "queue-compacting",
    /// The compacted file of the queue is in its place; the open one goes on being read.
    QueueCompacted = "queue-compacted",
}

impl CrashPoint {
    /// Says that the process is at this point.
    #[inline]
    pub fn reach(self) {
        #[cfg(debug_assertions)]
        aim::reach(self);
    }
}

#[cfg(debug_assertions)]
mod aim {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    use super::{CrashPoint, VARIABLE};

    struct Aim {
        point: CrashPoint,
        left: AtomicU64,
    }

    pub(super) fn reach(point: CrashPoint) {
        static AIM: OnceLock<Option<Aim>> = OnceLock::new();
        let aim = AIM.get_or_init(|| std::env::var(VARIABLE).ok().map(|text| Aim::of(&text)));
        if let Some(aim) = aim.as_ref().filter(|aim| aim.point == point)
            && aim.left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            kill_process(getpid(), Signal::KILL).expect("a process may end itself");
            // The signal may come a moment later; nothing must be done meanwhile.
            loop {
                std::thread::park();
            }
        }
    }

    impl Aim {
        /// Panics when the text is not right: a test that aims at nothing would show nothing.
        fn of(text: &str) -> Aim {
            let parsed = text.split_once(':').and_then(|(name, times)| {
                let point = CrashPoint::ALL.iter().find(|point| point.name() == name)?;
                let left = times.parse().ok().filter(|&left| left > 0)?;
                Some(Aim { point: *point, left: AtomicU64::new(left) })
            });
            parsed.unwrap_or_else(|| panic!("{VARIABLE}={text} is not the name of a point with a number"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_differ() {
        let names: HashSet<&str> = CrashPoint::ALL.iter().map(|point| point.name()).collect();
        assert_eq!(names.len(), CrashPoint::ALL.len());
    }

    #[test]
    fn without_an_aim_nothing_happens() {
        CrashPoint::ALL.iter().for_each(|point| point.reach());
    }
}
