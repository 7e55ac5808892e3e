//! A vector whose memory goes back to the system as soon as it is given up.
//!
//! What a batch gathers comes and goes in hundreds of megabytes. The allocator would keep them for a while, in
//! places between others that do not fit what is wanted next. From some length on the values of this vector
//! have pages of their own: a longer vector takes more pages and copies nothing.

use std::io;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;
use memmap2::MmapMut;

/// Length from which values have pages of their own, in bytes.
const HEAP_BYTES_MAX: usize = 1 << 20;

/// Plain values.
#[derive(Debug)]
pub struct PageVec<T> {
    place: Place<T>,
}

#[derive(Debug)]
enum Place<T> {
    Heap(Vec<T>),
    Pages { map: MmapMut, length: usize },
}

impl<T> Default for PageVec<T> {
    fn default() -> Self {
        PageVec { place: Place::Heap(Vec::new()) }
    }
}

impl<T: Pod> PageVec<T> {
    /// `length` zeros.
    ///
    /// # Errors
    /// When the system has no memory left, as all methods here that make room.
    pub fn zeros(length: usize) -> io::Result<PageVec<T>> {
        let bytes = length * size_of::<T>();
        let place = match bytes <= HEAP_BYTES_MAX {
            true => Place::Heap(vec![T::zeroed(); length]),
            false => Place::Pages { map: MmapMut::map_anon(bytes)?, length },
        };
        Ok(PageVec { place })
    }

    /// Makes it `length` values long, whatever they are: for a buffer that is filled again and again.
    pub fn set_length(&mut self, length: usize) -> io::Result<()> {
        match &mut self.place {
            Place::Heap(values) if length * size_of::<T>() <= HEAP_BYTES_MAX => {
                values.resize(length, T::zeroed());
            }
            Place::Pages { map, length: held } if length * size_of::<T>() <= map.len() => *held = length,
            _ => {
                // What is held goes before its successor is made.
                *self = PageVec::default();
                *self = PageVec::zeros(length)?;
            }
        }
        Ok(())
    }

    /// Appends a value.
    #[inline]
    pub fn push(&mut self, value: T) -> io::Result<()> {
        match &mut self.place {
            Place::Heap(values) if values.len() < values.capacity() => {
                values.push(value);
                Ok(())
            }
            _ => self.extend_from_slice(&[value]),
        }
    }

    /// Appends values.
    pub fn extend_from_slice(&mut self, values: &[T]) -> io::Result<()> {
        if let Place::Heap(held) = &mut self.place {
            if (held.len() + values.len()) * size_of::<T>() <= HEAP_BYTES_MAX {
                held.extend_from_slice(values);
                return Ok(());
            }
            let mut moved =
                PageVec::zeros((held.len() + values.len()).max(HEAP_BYTES_MAX / size_of::<T>() + 1))?;
            moved[..held.len()].copy_from_slice(held);
            moved.set_length(held.len())?;
            *self = moved;
        }
        if let Place::Pages { map, length } = &mut self.place {
            let end = *length + values.len();
            if end * size_of::<T>() > map.len() {
                grow(map, (end * size_of::<T>()).max(map.len() * 2))?;
            }
            bytemuck::cast_slice_mut::<u8, T>(&mut map[..end * size_of::<T>()])[*length..]
                .copy_from_slice(values);
            *length = end;
        }
        Ok(())
    }

    /// Bytes of memory in use; pages that nothing was written to take none.
    pub fn memory_bytes(&self) -> usize {
        match &self.place {
            Place::Heap(values) => values.capacity() * size_of::<T>(),
            Place::Pages { length, .. } => length * size_of::<T>(),
        }
    }
}

impl<T: Pod> Deref for PageVec<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.place {
            Place::Heap(values) => values,
            Place::Pages { map, length } => bytemuck::cast_slice(&map[..length * size_of::<T>()]),
        }
    }
}

impl<T: Pod> DerefMut for PageVec<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.place {
            Place::Heap(values) => values,
            Place::Pages { map, length } => bytemuck::cast_slice_mut(&mut map[..*length * size_of::<T>()]),
        }
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
