//! The priority of threads that index: below that of searches.
//!
//! When all cores are busy, a thread of this niceness gets about a third of the time of one that searches, and
//! gives way at once to one that wakes up: searches stay quick while documents stream in, and indexing never
//! stands still.

/// What is added to the niceness of a thread that indexes.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Lowers the priority of this thread for good. Other systems know priorities of processes only: there, nothing
/// is done.
pub fn lower_thread_priority() {
    #[cfg(target_os = "linux")]
    {
        // Refused: the thread competes as before.
        let _ = rustix::process::nice(NICENESS);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_this_thread_is_lowered() {
        let niceness = || rustix::process::nice(0).ok();
        let before = niceness();
        let lowered = std::thread::spawn(move || {
            lower_thread_priority();
            niceness()
        });
        assert_eq!(lowered.join().ok().flatten(), before.map(|niceness| (niceness + NICENESS).min(19)));
        assert_eq!(niceness(), before);
    }
}
