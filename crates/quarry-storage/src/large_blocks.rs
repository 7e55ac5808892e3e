//! Large blocks of memory that LMDB asks for go back to the system when it gives them up.
//!
//! An environment takes lists of 1 and 2 MB when it opens, of which it touches a page or two. The C library maps
//! such blocks, but once it has seen one freed it keeps the next ones in its heap, where each is zeroed and so
//! becomes resident: a thousand small indexes, 128 of them open at a time, took 560 MB instead of 120 MB.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use std::sync::Once;

/// From this size on, a block is always a mapping of its own, in bytes: where the C library starts.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const MAPPED_FROM_BYTES: i32 = 128 << 10;

/// Tells the C library, once per process. Other systems return large blocks anyway.
pub(crate) fn always_map() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            #[allow(unsafe_code)]
            // SAFETY: a call with two numbers that the C library checks; it may run beside any allocation.
            let _ = unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, MAPPED_FROM_BYTES) };
        });
    }
}
