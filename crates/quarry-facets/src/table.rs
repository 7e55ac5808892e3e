//! The facet table of one kind of values: what readers and writers hold.

use quarry_storage::{PlainTable, PostingsTable, StorageError, Txn};
use roaring::RoaringBitmap;

use crate::level::LEVELS_MAX;
use crate::{FacetKey, FieldId};

/// What the values of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FacetKind {
    /// Ordered f64, 8 bytes each.
    Numbers,
    /// Escaped UTF-8 that ends with 0x00 0x00.
    Strings,
}

impl FacetKind {
    /// A value below all that are stored: where the first group of a level begins.
    pub fn lowest_value(self) -> &'static [u8] {
        match self {
            // The ordered form of a NaN, which is never stored.
            FacetKind::Numbers => &[0; 8],
            // The empty string, which is no facet value.
            FacetKind::Strings => &[0; 2],
        }
    }
}

/// Values of all fields, in order, with the documents that hold them, and groups of values above them.
#[derive(Clone, Copy)]
pub struct FacetTable {
    pub(crate) postings: PostingsTable,
    pub(crate) kind: FacetKind,
}

impl FacetTable {
    /// The facet table over stored entries.
    pub fn new(entries: PlainTable, kind: FacetKind) -> FacetTable {
        FacetTable { postings: entries.into(), kind }
    }

    /// The postings below. Writers change the values (level 0) there and then name them to
    /// [`FacetTable::update_levels`].
    pub fn postings(&self) -> PostingsTable {
        self.postings
    }

    /// What the values are.
    pub fn kind(&self) -> FacetKind {
        self.kind
    }

    /// The documents that hold one value of `field`.
    pub fn documents(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        value: &[u8],
    ) -> Result<RoaringBitmap, StorageError> {
        let key = FacetKey { field, level: 0, value }.to_bytes();
        Ok(self.postings.get(txn, &key)?.unwrap_or_default())
    }

    /// The highest level of `field`: 0 when it has values but no groups, `None` when it has no values.
    pub fn top_level(&self, txn: &Txn<'_>, field: FieldId) -> Result<Option<u8>, StorageError> {
        // Keys of a field ascend by level.
        let last = self.postings.key_below(txn, &FacetKey::scan_level(field, LEVELS_MAX + 1))?;
        let last = last.as_deref().and_then(FacetKey::parse).filter(|key| key.field == field);
        Ok(last.map(|key| key.level))
    }
}
