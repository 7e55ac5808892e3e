//! Numbers found by the hash of what they stand for: a table with open addressing, in a file when it is large.

use std::io;

use quarry_storage::SpillVec;

/// Places of a table that holds nothing yet.
const PLACES_MIN: usize = 64;

/// A set of numbers; what they stand for is kept elsewhere.
#[derive(Default)]
pub(crate) struct NumberTable {
    /// High 32 bits of the hash, then the number plus one; 0 is a free place. As many as a power of two.
    places: SpillVec<u64>,
    count: usize,
}

impl NumberTable {
    /// The number with this hash that `is_it` accepts.
    #[inline]
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let (places, tag) = (&*self.places, (hash >> 32) as u32);
        let mask = places.len().wrapping_sub(1);
        let mut at = tag as usize & mask;
        while let Some(&place) = places.get(at).filter(|&&place| place != 0) {
            let number = place as u32 - 1;
            if (place >> 32) as u32 == tag && is_it(number) {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// Adds a number that is not there.
    ///
    /// # Errors
    /// Those of a temporary file.
    pub(crate) fn insert(&mut self, hash: u64, number: u32) -> io::Result<()> {
        // Beyond two thirds, places in a row would be long.
        if self.count * 3 >= self.places.len() * 2 {
            self.grow()?;
        }
        self.count += 1;
        put(&mut self.places, (hash >> 32) << 32 | (u64::from(number) + 1));
        Ok(())
    }

    fn grow(&mut self) -> io::Result<()> {
        let mut places = SpillVec::zeros((self.places.len() * 2).max(PLACES_MIN))?;
        for &place in self.places.iter().filter(|&&place| place != 0) {
            put(&mut places, place);
        }
        self.places = places;
        Ok(())
    }

    /// Bytes of memory in use.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.places.memory_bytes()
    }
}

/// Puts a place that is not 0 where the next free one for its hash is.
#[inline]
fn put(places: &mut [u64], place: u64) {
    let mask = places.len() - 1;
    let mut at = (place >> 32) as usize & mask;
    while places[at] != 0 {
        at = (at + 1) & mask;
    }
    places[at] = place;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn numbers_are_found_whatever_their_hashes() {
        let hash = |number: u32| u64::from(number % 100) << 33;
        let mut table = NumberTable::default();
        assert_eq!(table.find(0, |_| true), None);
        for number in 0..1000 {
            table.insert(hash(number), number).unwrap();
        }
        for number in 0..1000 {
            assert_eq!(table.find(hash(number), |found| found == number), Some(number));
            assert_eq!(table.find(hash(number), |_| false), None);
        }
    }
}
