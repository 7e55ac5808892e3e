//! Atomics of the wake-up protocol, named in one place so that `tests/loom.rs` can put checked ones under it.

pub(crate) use std::sync::atomic::{AtomicBool, Ordering, fence};
