//! All interleavings of a tiny ring under the wake-up protocol of the channel.
//!
//! The protocol is the very source of the crate, compiled here over checked atomics. The ring and the queue are
//! models: a ring of one frame, a bounded queue under a lock. The model's queue has no time-out, so a lost wake-up, which
//! the channel would mend after 100 ms, is a deadlock here, and the checker reports it.

use std::collections::VecDeque;

use loom::cell::UnsafeCell;
use loom::model::Builder;
use loom::sync::atomic::AtomicUsize;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

use crate::sync::Ordering;
use crate::wake_up::WakeUp;

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicBool, Ordering, fence};
}

#[path = "../src/wake_up.rs"]
mod wake_up;

/// A ring with room for one frame of one number.
struct Ring {
    committed: AtomicUsize,
    released: AtomicUsize,
    frame: UnsafeCell<usize>,
}

// Exclusive access to `frame` is what the two counters are for, and the checker sees every access that breaks it.
#[allow(unsafe_code)]
// SAFETY: a broken rule is a failed test, by design.
unsafe impl Sync for Ring {}

impl Ring {
    fn new() -> Self {
        Self { committed: AtomicUsize::new(0), released: AtomicUsize::new(0), frame: UnsafeCell::new(0) }
    }

    fn write(&self, value: usize) {
        let committed = self.committed.load(Ordering::Relaxed);
        while self.released.load(Ordering::Acquire) != committed {
            thread::yield_now();
        }
        #[allow(unsafe_code)]
        // SAFETY: the reader has released the frame and does not look before the commit below.
        self.frame.with_mut(|frame| unsafe { *frame = value });
        self.committed.store(committed + 1, Ordering::Release);
    }

    fn take(&self) -> Option<usize> {
        let released = self.released.load(Ordering::Relaxed);
        if self.committed.load(Ordering::Acquire) == released {
            return None;
        }
        #[allow(unsafe_code)]
        // SAFETY: the writer has committed the frame and does not touch it before the release below.
        let value = self.frame.with(|frame| unsafe { *frame });
        self.released.store(released + 1, Ordering::Release);
        Some(value)
    }
}

#[derive(Debug, PartialEq)]
enum Message {
    WakeUp,
    Oversized(usize),
    SendersGone,
}

/// The bounded queue, without time-outs.
struct Queue {
    messages: Mutex<VecDeque<Message>>,
    arrived: Condvar,
    capacity: usize,
}

impl Queue {
    fn new(capacity: usize) -> Self {
        Self { messages: Mutex::new(VecDeque::new()), arrived: Condvar::new(), capacity }
    }

    fn is_empty(&self) -> bool {
        self.messages.lock().expect("no thread panics with the lock").is_empty()
    }

    fn try_send(&self, message: Message) {
        let mut messages = self.messages.lock().expect("no thread panics with the lock");
        if messages.len() < self.capacity {
            messages.push_back(message);
            self.arrived.notify_one();
        }
    }

    fn receive(&self) -> Message {
        let mut messages = self.messages.lock().expect("no thread panics with the lock");
        loop {
            match messages.pop_front() {
                Some(message) => return message,
                None => messages = self.arrived.wait(messages).expect("no thread panics with the lock"),
            }
        }
    }
}

struct Channel {
    rings: Vec<Ring>,
    queue: Queue,
    wake_up: WakeUp,
}

impl Channel {
    fn new(rings: usize) -> Arc<Self> {
        let rings = (0..rings).map(|_| Ring::new()).collect();
        Arc::new(Self { rings, queue: Queue::new(2), wake_up: WakeUp::new() })
    }

    fn send(&self, ring: usize, value: usize) {
        self.rings[ring].write(value);
        if self.wake_up.claim() && self.queue.is_empty() {
            self.queue.try_send(Message::WakeUp);
        }
    }

    fn take_frame(&self) -> Option<usize> {
        self.rings.iter().find_map(Ring::take)
    }

    /// What `Receiver::next` does; `None` when the senders are gone and the rings are empty.
    fn next(&self, senders_gone: &mut bool) -> Option<usize> {
        loop {
            let frame = self.take_frame();
            if frame.is_some() || *senders_gone {
                return frame;
            }
            self.wake_up.announce();
            let frame = self.take_frame();
            let message = if frame.is_none() { Some(self.queue.receive()) } else { None };
            self.wake_up.withdraw();
            match message {
                None => return frame,
                Some(Message::Oversized(value)) => return Some(value),
                Some(Message::WakeUp) => {}
                Some(Message::SendersGone) => *senders_gone = true,
            }
        }
    }

    fn receive(&self, count: usize) -> Vec<usize> {
        let mut values: Vec<_> = (0..count).filter_map(|_| self.next(&mut false)).collect();
        values.sort_unstable();
        values
    }
}

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    // Every interleaving with at most three preemptions: known bugs of this kind need two.
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn two_senders_that_stay_alive_never_leave_the_receiver_asleep() {
    check(|| {
        let channel = Channel::new(2);
        let senders = [0, 1].map(|ring| {
            let channel = channel.clone();
            thread::spawn(move || channel.send(ring, ring))
        });
        assert_eq!(channel.receive(2), [0, 1]);
        for sender in senders {
            sender.join().expect("the sender does not panic");
        }
    });
}

#[test]
fn a_full_ring_is_drained_and_filled_again() {
    check(|| {
        let channel = Channel::new(1);
        let sender = {
            let channel = channel.clone();
            thread::spawn(move || (0..3).for_each(|value| channel.send(0, value)))
        };
        let received: Vec<_> = (0..3).filter_map(|_| channel.next(&mut false)).collect();
        assert_eq!(received, [0, 1, 2]);
        sender.join().expect("the sender does not panic");
    });
}

#[test]
fn an_oversized_value_in_the_queue_stands_for_a_wake_up() {
    check(|| {
        let channel = Channel::new(2);
        let frames = {
            let channel = channel.clone();
            thread::spawn(move || channel.send(0, 0))
        };
        let oversized = {
            let channel = channel.clone();
            thread::spawn(move || channel.queue.try_send(Message::Oversized(1)))
        };
        assert_eq!(channel.receive(2), [0, 1]);
        frames.join().expect("the sender does not panic");
        oversized.join().expect("the sender does not panic");
    });
}

#[test]
fn senders_that_leave_let_the_receiver_drain_and_end() {
    check(|| {
        let channel = Channel::new(1);
        let sender = {
            let channel = channel.clone();
            thread::spawn(move || {
                (0..2).for_each(|value| channel.send(0, value));
                channel.queue.try_send(Message::SendersGone);
            })
        };
        let mut senders_gone = false;
        let received: Vec<_> = std::iter::from_fn(|| channel.next(&mut senders_gone)).collect();
        assert_eq!(received, [0, 1]);
        sender.join().expect("the sender does not panic");
    });
}

/// Whether in some interleaving the receiver would sleep for ever, with a frame in the ring and an empty queue.
fn a_wake_up_can_be_lost(last_look: bool) -> bool {
    let lost = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let witness = lost.clone();
    check(move || {
        let channel = Channel::new(1);
        let sender = {
            let channel = channel.clone();
            thread::spawn(move || channel.send(0, 0))
        };
        let mut frame = channel.take_frame();
        if frame.is_none() {
            channel.wake_up.announce();
            frame = if last_look { channel.take_frame() } else { None };
        }
        sender.join().expect("the sender does not panic");
        if frame.is_none() && channel.queue.is_empty() {
            witness.store(true, Ordering::Relaxed);
        }
    });
    lost.load(Ordering::Relaxed)
}

/// Shows that the checker sees lost wake-ups where there are some.
#[test]
fn the_last_look_is_what_keeps_wake_ups_from_being_lost() {
    assert!(a_wake_up_can_be_lost(false));
    assert!(!a_wake_up_can_be_lost(true));
}
