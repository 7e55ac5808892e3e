//! A vector that leaves the heap when it grows long. Where to is a [`Room`]: pages of its own, or a file.

use std::io;
use std::ops::{Deref, DerefMut};

use bytemuck::Pod;

/// Bytes outside the heap that can become more.
pub trait Room: Deref<Target = [u8]> + DerefMut + Sized {
    /// Longest vector on the heap, in bytes.
    const HEAP_BYTES_MAX: usize;

    /// Whether the bytes count as memory.
    const IS_MEMORY: bool;

    /// Room for `bytes`, all zero.
    ///
    /// # Errors
    /// When the system has none, as [`Room::grow`].
    fn make(bytes: usize) -> io::Result<Self>;

    /// Makes it `bytes` long, which is more than it is: zeros behind what it holds.
    fn grow(&mut self, bytes: usize) -> io::Result<()>;

    /// How long to make room of `bytes` that is too short.
    fn next_bytes(bytes: usize) -> usize;
}

/// Plain values.
#[derive(Debug)]
pub struct GrowingVec<T, R> {
    place: Place<T, R>,
}

#[derive(Debug)]
enum Place<T, R> {
    Heap(Vec<T>),
    Room { room: R, length: usize },
}

impl<T, R> Default for GrowingVec<T, R> {
    fn default() -> Self {
        GrowingVec { place: Place::Heap(Vec::new()) }
    }
}

impl<T: Pod, R: Room> GrowingVec<T, R> {
    /// `length` zeros.
    ///
    /// # Errors
    /// Those of the room, as all methods here that make some.
    pub fn zeros(length: usize) -> io::Result<Self> {
        let bytes = length * size_of::<T>();
        let place = match bytes <= R::HEAP_BYTES_MAX {
            true => Place::Heap(vec![T::zeroed(); length]),
            false => Place::Room { room: R::make(bytes)?, length },
        };
        Ok(GrowingVec { place })
    }

    /// Makes it `length` values long, whatever they are: for a buffer that is filled again and again.
    pub fn set_length(&mut self, length: usize) -> io::Result<()> {
        match &mut self.place {
            Place::Heap(values) if length * size_of::<T>() <= R::HEAP_BYTES_MAX => {
                values.resize(length, T::zeroed());
            }
            Place::Room { room, length: held } if length * size_of::<T>() <= room.len() => *held = length,
            _ => {
                // What is held goes before its successor is made.
                *self = GrowingVec::default();
                *self = GrowingVec::zeros(length)?;
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
            let bytes = (held.len() + values.len()) * size_of::<T>();
            if bytes <= R::HEAP_BYTES_MAX {
                held.extend_from_slice(values);
                return Ok(());
            }
            let mut room = R::make(bytes.max(R::next_bytes(held.len() * size_of::<T>())))?;
            room[..held.len() * size_of::<T>()].copy_from_slice(bytemuck::cast_slice(held));
            self.place = Place::Room { room, length: held.len() };
        }
        if let Place::Room { room, length } = &mut self.place {
            let end = *length + values.len();
            if end * size_of::<T>() > room.len() {
                room.grow((end * size_of::<T>()).max(R::next_bytes(room.len())))?;
            }
            bytemuck::cast_slice_mut::<u8, T>(&mut room[..end * size_of::<T>()])[*length..]
                .copy_from_slice(values);
            *length = end;
        }
        Ok(())
    }

    /// Forgets the values from `length` on.
    pub fn truncate(&mut self, length: usize) {
        match &mut self.place {
            Place::Heap(values) => values.truncate(length),
            Place::Room { length: held, .. } => *held = length.min(*held),
        }
    }

    /// Bytes of memory in use; pages that nothing was written to take none, nor does what is in a file.
    pub fn memory_bytes(&self) -> usize {
        match &self.place {
            Place::Heap(values) => values.capacity() * size_of::<T>(),
            Place::Room { length, .. } if R::IS_MEMORY => length * size_of::<T>(),
            Place::Room { .. } => 0,
        }
    }
}

impl<T: Pod, R: Room> Deref for GrowingVec<T, R> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match &self.place {
            Place::Heap(values) => values,
            Place::Room { room, length } => bytemuck::cast_slice(&room[..length * size_of::<T>()]),
        }
    }
}

impl<T: Pod, R: Room> DerefMut for GrowingVec<T, R> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.place {
            Place::Heap(values) => values,
            Place::Room { room, length } => bytemuck::cast_slice_mut(&mut room[..*length * size_of::<T>()]),
        }
    }
}
