//! The receiving end: takes frames from all rings in turn, and oversized operations from the queue.

use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use flume::{RecvTimeoutError, TryRecvError};

use crate::Operation;
use crate::frame;
use crate::message::{Message, Oversized, OversizedContent, Shared};
use crate::ring::RingConsumer;
use crate::statistics::{self, ChannelStatistics};

/// Longest wait for a wake-up before the rings are looked at anyway.
const WAIT_MAX: Duration = Duration::from_millis(100);

/// Pause of a receiver that has run dry before it announces that it waits: frames gather meanwhile, so that a wake-up,
/// which costs both sides a system call, is paid once for many of them. Measured on 2 cores with 42,000 frames in
/// 2 s: without it every other frame was waited for, and switching threads took a fifth of the processor time.
const NAP: Duration = Duration::from_micros(200);

/// Frames between two looks at the queue, so that rings that never empty do not hold oversized operations back.
const FRAMES_PER_QUEUE_LOOK: u32 = 64;

/// The receiving end. Dropping it makes every send fail with `IndexationAborted`.
pub struct Receiver {
    rings: Vec<RingConsumer>,
    messages: flume::Receiver<Message>,
    shared: Arc<Shared>,
    /// Ring to look at first.
    next_ring: usize,
    frames_since_queue_look: u32,
    /// Oversized operation that was received and must wait for frames of its thread.
    held: Option<Oversized>,
    senders_gone: bool,
    current: Current,
}

/// Where the operation delivered last lies.
enum Current {
    Nothing,
    Ring(usize),
    Oversized(OversizedContent),
}

impl Receiver {
    pub(crate) fn over(
        rings: Vec<RingConsumer>,
        messages: flume::Receiver<Message>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            rings,
            messages,
            shared,
            next_ring: 0,
            frames_since_queue_look: 0,
            held: None,
            senders_gone: false,
            current: Current::Nothing,
        }
    }

    /// Waits for the next operation. `None`: the senders are gone and everything they sent was delivered.
    ///
    /// The room that the operation takes in its ring is given back by the next call, or when the receiver is
    /// dropped; so call again as soon as the operation is applied.
    // Not an iterator: the operation is lent.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<Operation<'_>> {
        self.release();
        while !self.take_any() {
            if self.senders_gone {
                return None;
            }
            if self.wait() {
                break;
            }
        }
        match &self.current {
            Current::Nothing => None,
            Current::Ring(ring) => {
                let operation = frame::decode(self.rings[*ring].frame());
                Some(operation.expect("a sender writes the whole frame before it commits it"))
            }
            Current::Oversized(content) => Some(content.operation()),
        }
    }

    /// How much the senders had to wait so far; exact once [`next`](Self::next) answered `None`.
    pub fn stats(&self) -> ChannelStatistics {
        statistics::sum(&self.shared.counters)
    }

    fn release(&mut self) {
        if let Current::Ring(ring) = mem::replace(&mut self.current, Current::Nothing) {
            self.rings[ring].release();
        }
    }

    /// Takes an oversized operation that is due, or else a frame, if there is either.
    fn take_any(&mut self) -> bool {
        if self.frames_since_queue_look >= FRAMES_PER_QUEUE_LOOK {
            self.look_at_queue();
        }
        self.take_held() || self.take_frame()
    }

    /// Takes the oversized operation that is held, or one of the frames that come before it.
    fn take_held(&mut self) -> bool {
        let Some(held) = self.held.take() else { return false };
        let ring = held.ring;
        if self.rings[ring].taken() < held.after_frames && self.rings[ring].take() {
            self.held = Some(held);
            self.current = Current::Ring(ring);
        } else {
            self.current = Current::Oversized(held.content);
        }
        true
    }

    /// Takes the first frame of the first ring that has one, going on after the ring that gave the last.
    fn take_frame(&mut self) -> bool {
        for _ in 0..self.rings.len() {
            let ring = self.next_ring;
            self.next_ring = (ring + 1) % self.rings.len();
            if self.rings[ring].take() {
                self.frames_since_queue_look += 1;
                self.current = Current::Ring(ring);
                return true;
            }
        }
        false
    }

    /// Receives a message if one is there. Called while nothing is held.
    fn look_at_queue(&mut self) {
        if self.held.is_some() {
            return;
        }
        self.frames_since_queue_look = 0;
        match self.messages.try_recv() {
            Ok(Message::Oversized(oversized)) => self.held = Some(oversized),
            Ok(Message::WakeUp) | Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => self.senders_gone = true,
        }
    }

    /// Naps, announces that the receiver waits, looks at the rings a last time, and waits for a message.
    ///
    /// Returns whether the last look took a frame. Called while nothing is held and every ring was found empty.
    fn wait(&mut self) -> bool {
        thread::sleep(NAP);
        if self.take_frame() {
            return true;
        }
        self.shared.wake_up.announce();
        let took_frame = self.take_frame();
        if !took_frame {
            match self.messages.recv_timeout(WAIT_MAX) {
                Ok(Message::Oversized(oversized)) => self.held = Some(oversized),
                Ok(Message::WakeUp) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => self.senders_gone = true,
            }
        }
        self.shared.wake_up.withdraw();
        took_frame
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.release();
        self.shared.home.return_consumers(mem::take(&mut self.rings));
    }
}
