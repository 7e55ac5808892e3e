//! A vector that moves to an anonymous mapped file when it grows long.
//!
//! What a batch keeps for each of its documents and words must not be bounded by memory. In a file the system
//! writes pages out when memory is short; nobody else changes, and slices stay slices.

use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::FileExt;

use bytemuck::Pod;
use memmap2::MmapMut;

/// Length from which values live in a file, in bytes.
const MEMORY_BYTES_MAX: usize = 4 << 20;

/// Plain values, in memory as long as they are few.
#[derive(Debug)]
pub struct SpillVec<T> {
    place: Place<T>,
}

#[derive(Debug)]
enum Place<T> {
    Memory(Vec<T>),
    Mapped { file: File, map: MmapMut, length: usize },
}

impl<T> Default for SpillVec<T> {
    fn default() -> Self {
        SpillVec { place: Place::Memory(Vec::new()) }
    }
}

impl<T: Pod> SpillVec<T> {
    /// `length` zeros.
    ///
    /// # Errors
    /// Those of a temporary file, as all methods here that make room.
    pub fn zeros(length: usize) -> io::Result<SpillVec<T>> {
        if length * size_of::<T>() <= MEMORY_BYTES_MAX {
            return Ok(SpillVec { place: Place::Memory(vec![T::zeroed(); length]) });
        }
        let file = tempfile::tempfile()?;
        let map = map(&file, length * size_of::<T>())?;
        Ok(SpillVec { place: Place::Mapped { file, map, length } })
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) -> io::Result<()> {
        match &mut self.place {
            Place::Memory(values) if values.len() < values.capacity() => {
                values.push(value);
                Ok(())
            }
            _ => self.extend_from_slice(&[value]),
        }
    }

    /// Appends values.
    pub fn extend_from_slice(&mut self, values: &[T]) -> io::Result<()> {
        if let Place::Memory(held) = &mut self.place {
            if (held.len() + values.len()) * size_of::<T>() <= MEMORY_BYTES_MAX {
                held.extend_from_slice(values);
                return Ok(());
            }
            let mut mapped = SpillVec::zeros((2 * held.len()).max(MEMORY_BYTES_MAX / size_of::<T>() + 1))?;
            mapped[..held.len()].copy_from_slice(held);
            mapped.truncate(held.len());
            *self = mapped;
        }
        if let Place::Mapped { file, map: mapped, length } = &mut self.place {
            let end = *length + values.len();
            if end * size_of::<T>() > mapped.len() {
                *mapped = map(file, (end * size_of::<T>()).max(mapped.len() + mapped.len() / 4))?;
            }
            bytemuck::cast_slice_mut::<u8, T>(&mut mapped[..end * size_of::<T>()])[*length..]
                .copy_from_slice(values);
            *length = end;
        }
        Ok(())
    }

    /// Forgets the values from `length` on.
    pub fn truncate(&mut self, length: usize) {
        match &mut self.place {
            Place::Memory(values) => values.truncate(length),
            Place::Mapped { length: held, .. } => *held = length.min(*held),
        }
    }

    /// Bytes of memory in use: what is in a file does not count.
    pub fn memory_bytes(&self) -> usize {
        match &self.place {
            Place::Memory(values) => values.capacity() * size_of::<T>(),
            Place::Mapped { .. } => 0,
        }
    }
}

impl<T: Pod> Deref for SpillVec<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.place {
            Place::Memory(values) => values,
            Place::Mapped { map, length, .. } => bytemuck::cast_slice(&map[..length * size_of::<T>()]),
        }
    }
}

impl<T: Pod> DerefMut for SpillVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.place {
            Place::Memory(values) => values,
            Place::Mapped { map, length, .. } => {
                bytemuck::cast_slice_mut(&mut map[..*length * size_of::<T>()])
            }
        }
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
