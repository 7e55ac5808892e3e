//! A vector whose memory goes back to the system as soon as it is given up.
//!
//! What a batch gathers comes and goes in hundreds of megabytes. The allocator would keep them for a while, in
//! places between others that do not fit what is wanted next. From some length on the values of this vector
//! have pages of their own: a longer vector takes more pages and copies nothing.

use std::io;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

use crate::growing_vec::{GrowingVec, Room};

/// Length from which values have pages of their own, in bytes.
const HEAP_BYTES_MAX: usize = 1 << 20;

/// Plain values, in pages of their own once they are many.
pub type PageVec<T> = GrowingVec<T, Pages>;

/// Pages that nobody else has.
#[derive(Debug)]
pub struct Pages(MmapMut);

impl Room for Pages {
    const HEAP_BYTES_MAX: usize = HEAP_BYTES_MAX;
    const IS_MEMORY: bool = true;

    fn make(bytes: usize) -> io::Result<Pages> {
        MmapMut::map_anon(bytes).map(Pages)
    }

    fn grow(&mut self, bytes: usize) -> io::Result<()> {
        grow(&mut self.0, bytes)
    }

    fn next_bytes(bytes: usize) -> usize {
        2 * bytes
    }
}

impl Deref for Pages {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl DerefMut for Pages {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// Makes a map `bytes` long. Pages that nobody touches cost nothing.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn grow(map: &mut MmapMut, bytes: usize) -> io::Result<()> {
    // SAFETY: the map is anonymous, so there is no file to be cut under it, and nobody else refers to it: the
    // reference is exclusive.
    unsafe { map.remap(bytes, memmap2::RemapOptions::new().may_move(true)) }
}

/// The same where a map cannot grow.
#[cfg(not(target_os = "linux"))]
fn grow(map: &mut MmapMut, bytes: usize) -> io::Result<()> {
    let mut longer = MmapMut::map_anon(bytes)?;
    longer[..map.len()].copy_from_slice(map);
    *map = longer;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn values_stay_when_they_get_pages_and_when_they_need_more() {
        let count = HEAP_BYTES_MAX as u64;
        let mut values = PageVec::default();
        for value in 0..count {
            values.push(value).unwrap();
        }
        values.extend_from_slice(&[7, 8]).unwrap();
        assert_eq!(values.len() as u64, count + 2);
        assert_eq!(values.memory_bytes(), values.len() * 8);
        assert!(values.iter().take(count as usize).copied().eq(0..count));
        values[3] = 30;
        values.set_length(4).unwrap();
        assert_eq!(*values, [0, 1, 2, 30]);
        values.push(4).unwrap();
        assert_eq!(*values, [0, 1, 2, 30, 4]);
    }

    #[test]
    fn a_buffer_is_as_long_as_it_was_last_told() {
        let mut buffer = PageVec::<u32>::default();
        for length in [3, HEAP_BYTES_MAX, 5, 3 * HEAP_BYTES_MAX, 0, 1] {
            buffer.set_length(length).unwrap();
            assert_eq!(buffer.len(), length);
            buffer.fill(7);
        }
    }

    #[test]
    fn zeros_are_zeros_wherever_they_are() {
        for length in [0, 10, HEAP_BYTES_MAX + 1] {
            assert!(PageVec::<u8>::zeros(length).unwrap().iter().all(|&byte| byte == 0));
        }
    }
}
