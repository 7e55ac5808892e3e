//! A vector that moves to an anonymous mapped file when it grows long.
//!
//! What a batch keeps for each of its documents and words must not be bounded by memory. In a file the system
//! writes pages out when memory is short; nobody else changes, and slices stay slices.

use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::FileExt;

use memmap2::MmapMut;

use crate::growing_vec::{GrowingVec, Room};

/// Length from which values live in a file, in bytes.
const MEMORY_BYTES_MAX: usize = 4 << 20;

/// Plain values, in memory as long as they are few.
pub type SpillVec<T> = GrowingVec<T, MappedSpill>;

/// A file without a name, mapped.
#[derive(Debug)]
pub struct MappedSpill {
    file: File,
    map: MmapMut,
}

impl Room for MappedSpill {
    const HEAP_BYTES_MAX: usize = MEMORY_BYTES_MAX;
    const IS_MEMORY: bool = false;

    fn make(bytes: usize) -> io::Result<MappedSpill> {
        let file = tempfile::tempfile()?;
        let map = map(&file, bytes)?;
        Ok(MappedSpill { file, map })
    }

    fn grow(&mut self, bytes: usize) -> io::Result<()> {
        self.map = map(&self.file, bytes)?;
        Ok(())
    }

    fn next_bytes(bytes: usize) -> usize {
        bytes + bytes / 4
    }
}

impl Deref for MappedSpill {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.map
    }
}

impl DerefMut for MappedSpill {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.map
    }
}

/// Makes the file `bytes` long, with zeros behind what it holds, and maps it.
///
/// The zeros are written: a disk without room says so here, and not by a signal when a page is touched.
#[allow(unsafe_code)]
fn map(file: &File, bytes: usize) -> io::Result<MmapMut> {
    static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
    let mut written = file.metadata()?.len();
    while written < bytes as u64 {
        let more = (bytes as u64 - written).min(ZEROS.len() as u64);
        file.write_all_at(&ZEROS[..more as usize], written)?;
        written += more;
    }
    // SAFETY: the file is anonymous and only this vector has it: nobody else can change or cut it.
    unsafe { MmapMut::map_mut(file) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn values_stay_when_they_move_to_a_file_and_when_it_grows() {
        let count = MEMORY_BYTES_MAX as u64;
        let mut values = SpillVec::default();
        for value in 0..count {
            values.push(value).unwrap();
        }
        assert_eq!(values.memory_bytes(), 0);
        values.extend_from_slice(&[7, 8]).unwrap();
        assert_eq!(values.len() as u64, count + 2);
        assert!(values.iter().take(count as usize).copied().eq(0..count));
        values[3] = 30;
        values.truncate(4);
        assert_eq!(*values, [0, 1, 2, 30]);
        values.push(4).unwrap();
        assert_eq!(*values, [0, 1, 2, 30, 4]);
    }

    #[test]
    fn zeros_are_zeros_wherever_they_are() {
        for length in [0, 10, MEMORY_BYTES_MAX + 1] {
            assert!(SpillVec::<u8>::zeros(length).unwrap().iter().all(|&byte| byte == 0));
        }
    }
}
