//! One ring: a bip buffer of frames, with one half that writes and one that reads.
//!
//! The two halves own the buffer together, so that they may go to different threads and come back for the next
//! channel. Frames are counted on both sides and never reset, so that a frame has the same number on both.

use std::hint;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bbqueue_heap::BBBuffer;
use bbqueue_heap::framed::{FrameConsumer, FrameGrantR, FrameGrantW, FrameProducer};

/// Longest prefix that the buffer puts before a frame.
const LENGTH_PREFIX_BYTES_MAX: usize = 9;

/// How often a ring may refuse room, since it last had some at once, before its sender is blocked.
const REFUSALS_MAX: u32 = 10_000;

/// Pause of a blocked sender between two looks at its ring. Spinning would take the processor from the receiver.
const BLOCKED_PAUSE: Duration = Duration::from_micros(50);

/// Longest frame that always finds room, sooner or later, in a ring of `ring_bytes`.
///
/// A frame is contiguous. In an empty ring the longer of the two pieces, before and after the place of the next
/// frame, is at least half of it.
pub(crate) const fn frame_bytes_max(ring_bytes: usize) -> usize {
    (ring_bytes / 2).saturating_sub(LENGTH_PREFIX_BYTES_MAX)
}

/// Smallest ring whose [`frame_bytes_max`] is `frame_bytes`.
pub(crate) const fn ring_bytes_for(frame_bytes: usize) -> usize {
    2 * (frame_bytes + LENGTH_PREFIX_BYTES_MAX)
}

/// Makes a ring of `ring_bytes` and returns its halves.
pub(crate) fn ring(ring_bytes: usize) -> (RingProducer, RingConsumer) {
    let buffer = Arc::new(BBBuffer::new(ring_bytes));
    // SAFETY: the reference is used by the two halves alone, and each keeps the buffer alive for as long as it lives
    // itself. No grant leaves this file: the producer's end within `write`, the consumer's is kept inside it and
    // dropped before its buffer.
    #[allow(unsafe_code)]
    let borrowed: &'static BBBuffer = unsafe { &*Arc::as_ptr(&buffer) };
    let (producer, consumer) = borrowed.try_split_framed().expect("this buffer is split once, here");
    (
        RingProducer {
            frames: producer,
            frame_bytes_max: frame_bytes_max(ring_bytes),
            refusals: 0,
            committed: 0,
            _buffer: buffer.clone(),
        },
        RingConsumer { reading: None, frames: consumer, taken: 0, _buffer: buffer },
    )
}

/// The half that writes frames.
pub(crate) struct RingProducer {
    frames: FrameProducer<'static>,
    frame_bytes_max: usize,
    /// Times that the ring refused room since it last had some at once.
    refusals: u32,
    committed: u64,
    _buffer: Arc<BBBuffer>,
}

impl RingProducer {
    /// Waits for room for a frame of `frame_bytes`, lets `fill` write it, and commits it.
    ///
    /// Calls `when_blocked` whenever the sender is about to pause for want of room, and gives up with its error. A
    /// `fill` that panics leaves no frame behind.
    pub(crate) fn write<E>(
        &mut self,
        frame_bytes: usize,
        when_blocked: impl FnMut() -> Result<(), E>,
        fill: impl FnOnce(&mut [u8]),
    ) -> Result<(), E> {
        let mut frame = match self.grant(frame_bytes) {
            Some(frame) => frame,
            None => self.grant_half(when_blocked)?,
        };
        fill(&mut frame[..frame_bytes]);
        frame.commit(frame_bytes);
        self.committed += 1;
        Ok(())
    }

    /// Frames committed since the ring was made.
    pub(crate) fn committed(&self) -> u64 {
        self.committed
    }

    /// Room for a frame of `frame_bytes`, unless the ring has refused too often.
    ///
    /// Refusals add up over frames. Otherwise a ring that stays full, and gives room for one frame at a time, would
    /// keep its sender spinning for ever.
    fn grant(&mut self, frame_bytes: usize) -> Option<FrameGrantW<'static>> {
        if let Ok(frame) = self.frames.grant(frame_bytes) {
            self.refusals = 0;
            return Some(frame);
        }
        while self.refusals < REFUSALS_MAX {
            self.refusals += 1;
            hint::spin_loop();
            if let Ok(frame) = self.frames.grant(frame_bytes) {
                return Some(frame);
            }
        }
        None
    }

    /// Room for the longest frame, hence for many short ones, pausing for as long as there is none.
    fn grant_half<E>(
        &mut self,
        mut when_blocked: impl FnMut() -> Result<(), E>,
    ) -> Result<FrameGrantW<'static>, E> {
        loop {
            when_blocked()?;
            if let Ok(frame) = self.frames.grant(self.frame_bytes_max) {
                self.refusals = 0;
                return Ok(frame);
            }
            thread::sleep(BLOCKED_PAUSE);
        }
    }
}

/// The half that reads frames, one at a time.
pub(crate) struct RingConsumer {
    /// The frame being read. Declared before the buffer, hence dropped before it.
    reading: Option<FrameGrantR<'static>>,
    frames: FrameConsumer<'static>,
    taken: u64,
    _buffer: Arc<BBBuffer>,
}

impl RingConsumer {
    /// Takes the next frame, if there is one, after releasing the one before.
    pub(crate) fn take(&mut self) -> bool {
        self.release();
        self.reading = self.frames.read();
        self.taken += u64::from(self.reading.is_some());
        self.reading.is_some()
    }

    /// Bytes of the frame taken last, none if it was released.
    pub(crate) fn frame(&self) -> &[u8] {
        self.reading.as_deref().unwrap_or_default()
    }

    /// Gives the room of the frame taken last back to the producer.
    pub(crate) fn release(&mut self) {
        if let Some(frame) = self.reading.take() {
            frame.release();
        }
    }

    /// Throws away every frame that nobody took.
    pub(crate) fn clear(&mut self) {
        while self.take() {}
    }

    /// Frames taken since the ring was made.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }
}
