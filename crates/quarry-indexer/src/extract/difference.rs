//! What differs between a document before and after: that, and nothing else, becomes entries.

use std::io;

use quarry_index::DocumentId;

use crate::cache::{Side, ThreadCache};
use crate::family::{FAMILIES_COUNT, Family};

/// The keys of one document in each family, as `first << 32 | second`.
#[derive(Default)]
pub(crate) struct DocumentKeys {
    by_family: [Vec<u64>; FAMILIES_COUNT],
    /// Those of one family that the other document lacks.
    different: Vec<u64>,
}

impl DocumentKeys {
    #[inline]
    pub(crate) fn push(&mut self, family: Family, first: u32, second: u32) {
        self.by_family[family as usize].push(u64::from(first) << 32 | u64::from(second));
    }

    pub(crate) fn clear(&mut self) {
        for keys in &mut self.by_family {
            keys.clear();
        }
    }

    /// Sorts the keys and leaves each once; of a pair of words only the smallest distance.
    fn settle(&mut self, family: Family) -> &[u64] {
        let keys = &mut self.by_family[family as usize];
        keys.sort_unstable();
        match family {
            // The distance is in the two lowest bits.
            Family::WordPair => keys.dedup_by_key(|key| *key >> 2),
            _ => keys.dedup(),
        }
        keys
    }

    /// Gathers the settled keys of a family that `other` lacks.
    fn put_difference(&mut self, other: &DocumentKeys, family: Family) {
        let mut others = other.by_family[family as usize].as_slice();
        self.different.clear();
        for &key in &self.by_family[family as usize] {
            while others.first().is_some_and(|&other| other < key) {
                others = &others[1..];
            }
            if others.first() != Some(&key) {
                self.different.push(key);
            }
        }
    }
}

/// Pushes the keys of `after` that `before` lacks as added, and the reverse as removed.
///
/// - `is_rebuilt`: for each family, whether its table is built anew: then all of `after` is added
///
/// # Errors
/// When the system has no memory left.
pub(crate) fn push_difference(
    document: DocumentId,
    before: &mut DocumentKeys,
    after: &mut DocumentKeys,
    is_rebuilt: &[bool; FAMILIES_COUNT],
    cache: &mut ThreadCache,
) -> io::Result<()> {
    for family in Family::ALL {
        if is_rebuilt[family as usize] || before.by_family[family as usize].is_empty() {
            cache.push(family, Side::Added, document, after.settle(family))?;
            continue;
        }
        before.settle(family);
        after.settle(family);
        before.put_difference(after, family);
        after.put_difference(before, family);
        cache.push(family, Side::Removed, document, &before.different)?;
        cache.push(family, Side::Added, document, &after.different)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::family::pair_second;

    fn entries(cache: &mut ThreadCache, family: Family, side: Side) -> Vec<(u32, u32)> {
        let mut entries = Vec::new();
        cache.take(family, side).for_each(|entry| entries.push((entry.first, entry.second)));
        entries
    }

    #[test]
    fn only_differences_are_pushed() {
        let (mut before, mut after, mut cache) =
            (DocumentKeys::default(), DocumentKeys::default(), ThreadCache::default());
        for word in [3, 1, 3] {
            before.push(Family::Word, word, 0);
        }
        for word in [2, 1] {
            after.push(Family::Word, word, 0);
        }
        push_difference(9, &mut before, &mut after, &[false; FAMILIES_COUNT], &mut cache).unwrap();
        assert_eq!(entries(&mut cache, Family::Word, Side::Added), [(2, 0)]);
        assert_eq!(entries(&mut cache, Family::Word, Side::Removed), [(3, 0)]);
    }

    #[test]
    fn a_pair_keeps_its_smallest_distance() {
        let (mut before, mut after, mut cache) =
            (DocumentKeys::default(), DocumentKeys::default(), ThreadCache::default());
        for distance in [3, 1, 2] {
            after.push(Family::WordPair, 5, pair_second(6, distance));
        }
        after.push(Family::WordPair, 6, pair_second(5, 2));
        push_difference(0, &mut before, &mut after, &[true; FAMILIES_COUNT], &mut cache).unwrap();
        let expected = [(5, pair_second(6, 1)), (6, pair_second(5, 2))];
        assert_eq!(entries(&mut cache, Family::WordPair, Side::Added), expected);
    }
}
