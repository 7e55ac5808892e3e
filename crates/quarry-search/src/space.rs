//! Sets of documents within one universe, in the form that makes set algebra cheap for its size.
//!
//! A rule that splits a bucket does the same algebra on every bucket: intersect, unite, subtract. Most buckets
//! hold a handful of documents. There a set is the bits of one machine word, and an operation one instruction;
//! the allocation of one bitmap would cost more than a whole split.

use std::rc::Rc;

use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use crate::postings_cache::LazyPostings;

/// A universe, and how its subsets are written.
pub(crate) trait Space {
    /// A subset of the universe.
    type Set: Clone + Default;

    /// The whole universe.
    fn all(&self) -> Self::Set;
    /// The part of `documents` in the universe.
    fn project(&self, documents: &RoaringBitmap) -> Self::Set;
    /// The same of documents that are not decoded yet, and need not be for a few.
    fn project_postings(&self, postings: &LazyPostings<'_>) -> Result<Self::Set, StorageError>;
    /// As a bitmap again.
    fn to_bitmap(&self, set: &Self::Set) -> RoaringBitmap;
    /// Documents of both.
    fn intersection(&self, left: &Self::Set, right: &Self::Set) -> Self::Set;
    /// Adds `more` to `set`.
    fn unite(set: &mut Self::Set, more: &Self::Set);
    /// Whether the set holds no document.
    fn is_empty(set: &Self::Set) -> bool;
}

/// A universe of at most 64 documents: the n-th bit is the n-th document.
pub(crate) struct SmallSpace {
    documents: Vec<u32>,
}

impl SmallSpace {
    /// Most documents that fit.
    const DOCUMENTS_MAX: u64 = 64;

    /// The space of `universe`; none if it is too large.
    pub(crate) fn new(universe: &RoaringBitmap) -> Option<SmallSpace> {
        // The count of the first bitmap containers tells large universes at once.
        (universe.len() <= Self::DOCUMENTS_MAX).then(|| SmallSpace { documents: universe.iter().collect() })
    }
}

impl Space for SmallSpace {
    type Set = u64;

    fn all(&self) -> u64 {
        match self.documents.len() {
            0 => 0,
            length => u64::MAX >> (64 - length),
        }
    }

    fn project(&self, documents: &RoaringBitmap) -> u64 {
        if documents.len() < self.documents.len() as u64 / 4 {
            let bits = documents.iter().filter_map(|document| self.documents.binary_search(&document).ok());
            return bits.fold(0, |set, bit| set | 1 << bit);
        }
        let bits = self.documents.iter().enumerate();
        bits.fold(0, |set, (bit, &document)| set | u64::from(documents.contains(document)) << bit)
    }

    fn project_postings(&self, postings: &LazyPostings<'_>) -> Result<u64, StorageError> {
        let Some(stored) = postings.cheaper_undecoded() else {
            return Ok(self.project(postings.documents()?));
        };
        let mut set = 0;
        stored.for_each_in(&self.documents, |bit| set |= 1 << bit)?;
        Ok(set)
    }

    fn to_bitmap(&self, set: &u64) -> RoaringBitmap {
        let mut bits = *set;
        let documents = std::iter::from_fn(|| {
            let bit = bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            self.documents.get(bit).copied()
        });
        documents.collect()
    }

    fn intersection(&self, left: &u64, right: &u64) -> u64 {
        left & right
    }

    fn unite(set: &mut u64, more: &u64) {
        *set |= more;
    }

    fn is_empty(set: &u64) -> bool {
        *set == 0
    }
}

/// A universe of any size.
pub(crate) struct LargeSpace {
    universe: Rc<RoaringBitmap>,
}

impl LargeSpace {
    pub(crate) fn new(universe: RoaringBitmap) -> LargeSpace {
        LargeSpace { universe: Rc::new(universe) }
    }
}

impl Space for LargeSpace {
    type Set = Rc<RoaringBitmap>;

    fn all(&self) -> Rc<RoaringBitmap> {
        Rc::clone(&self.universe)
    }

    fn project(&self, documents: &RoaringBitmap) -> Rc<RoaringBitmap> {
        Rc::new(documents & &*self.universe)
    }

    fn project_postings(&self, postings: &LazyPostings<'_>) -> Result<Rc<RoaringBitmap>, StorageError> {
        Ok(self.project(postings.documents()?))
    }

    fn to_bitmap(&self, set: &Rc<RoaringBitmap>) -> RoaringBitmap {
        (**set).clone()
    }

    fn intersection(&self, left: &Rc<RoaringBitmap>, right: &Rc<RoaringBitmap>) -> Rc<RoaringBitmap> {
        if Rc::ptr_eq(left, &self.universe) {
            Rc::clone(right)
        } else if Rc::ptr_eq(right, &self.universe) {
            Rc::clone(left)
        } else {
            Rc::new(&**left & &**right)
        }
    }

    fn unite(set: &mut Rc<RoaringBitmap>, more: &Rc<RoaringBitmap>) {
        if set.is_empty() {
            *set = Rc::clone(more);
        } else if !more.is_empty() && !Rc::ptr_eq(set, more) {
            *Rc::make_mut(set) |= &**more;
        }
    }

    fn is_empty(set: &Rc<RoaringBitmap>) -> bool {
        set.is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn check<S: Space>(space: &S) {
        let bitmap = |documents: &[u32]| documents.iter().copied().collect::<RoaringBitmap>();
        let even = space.project(&bitmap(&[0, 2, 4, 6, 900_000]));
        let low = space.project(&bitmap(&[0, 1, 2, 3, 7]));
        let both = space.intersection(&even, &low);
        assert_eq!(space.to_bitmap(&both), bitmap(&[0, 2]));
        assert_eq!(space.to_bitmap(&space.intersection(&space.all(), &even)), bitmap(&[0, 2, 4]));
        let mut set = even.clone();
        S::unite(&mut set, &low);
        assert_eq!(space.to_bitmap(&set), bitmap(&[0, 1, 2, 3, 4]));
        assert!(!S::is_empty(&set));
        assert!(S::is_empty(&S::Set::default()));
    }

    #[test]
    fn both_forms_agree() {
        let universe: RoaringBitmap = (0..5).collect();
        check(&SmallSpace::new(&universe).unwrap());
        check(&LargeSpace::new(universe));
        let full: RoaringBitmap = (0..64).collect();
        let space = SmallSpace::new(&full).unwrap();
        assert_eq!(space.to_bitmap(&space.all()), full);
        assert!(SmallSpace::new(&(0..65).collect()).is_none());
    }
}
