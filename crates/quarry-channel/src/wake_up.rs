//! When a sender must wake the receiver.
//!
//! Receiver: announce, look at the rings once more, wait on the queue, withdraw.
//! Sender: commit a frame, then claim; the one that gets the claim rings, if the queue is empty.
//!
//! No wake-up is lost. Both sides write, pass a sequentially consistent fence, then read what the other wrote. So
//! either the sender reads the announcement, or the receiver's second look reads the frame. A claim takes the
//! announcement back, so that of many senders one rings; the others rely on it, and what the receiver does not
//! see when it wakes it sees when it next announces. If the queue is not empty, its message wakes the receiver.

use crate::sync::{AtomicBool, Ordering, fence};

/// Whether the receiver waits, or is about to.
#[derive(Debug)]
pub(crate) struct WakeUp {
    receiver_waits: AtomicBool,
}

impl WakeUp {
    pub(crate) fn new() -> Self {
        Self { receiver_waits: AtomicBool::new(false) }
    }

    /// Receiver, having found every ring empty: it will wait, unless a last look at the rings finds a frame.
    pub(crate) fn announce(&self) {
        self.receiver_waits.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Receiver: it no longer waits.
    pub(crate) fn withdraw(&self) {
        self.receiver_waits.store(false, Ordering::Relaxed);
    }

    /// Sender, having committed a frame: whether it is the one that must wake the receiver.
    ///
    /// While the receiver is busy this reads a cache line that nobody writes.
    pub(crate) fn claim(&self) -> bool {
        fence(Ordering::SeqCst);
        self.receiver_waits.load(Ordering::Relaxed)
            && self.receiver_waits.compare_exchange(true, false, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}
