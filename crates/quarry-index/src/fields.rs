//! Field names to field ids and back.
//!
//! A field is an attribute path: a top-level name (`author`) or the flattened name of a nested one
//! (`author.name`). Ids are given in the order in which names are first met and are never taken back, so a
//! document is shown with its fields in that order.
//!
//! Stored form (entry `fields` of `main`): for each field, by id: length of the name (varint), name (UTF-8).

use quarry_storage::{StorageError, Txn, WriteTxn};
use rustc_hash::FxHashMap;

use crate::{FieldId, Tables, main_table, varint};

/// The index has as many fields as ids exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("A document cannot contain more than 65,535 fields.")]
pub struct TooManyFields;

/// Fields that an index can have.
pub const FIELDS_MAX: usize = u16::MAX as usize;

/// Every field of an index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    names: Vec<String>,
    ids: FxHashMap<String, FieldId>,
}

impl Fields {
    /// The id of the field `name`.
    pub fn id(&self, name: &str) -> Option<FieldId> {
        self.ids.get(name).copied()
    }

    /// The name of a field, if it has that id.
    pub fn get(&self, field: FieldId) -> Option<&str> {
        self.names.get(usize::from(field)).map(String::as_str)
    }

    /// The name of a field; empty for an id that was never given.
    pub fn name(&self, field: FieldId) -> &str {
        self.get(field).unwrap_or_default()
    }

    /// The id of the field `name`, given now if it has none.
    ///
    /// # Errors
    /// When 65,535 fields are there.
    pub fn insert(&mut self, name: &str) -> Result<FieldId, TooManyFields> {
        if let Some(field) = self.id(name) {
            return Ok(field);
        }
        if self.names.len() == FIELDS_MAX {
            return Err(TooManyFields);
        }
        let field = self.names.len() as FieldId;
        self.names.push(name.to_owned());
        self.ids.insert(name.to_owned(), field);
        Ok(field)
    }

    /// Fields with their names, by id.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (FieldId, &str)> + ExactSizeIterator + Clone {
        self.names.iter().enumerate().map(|(field, name)| (field as FieldId, name.as_str()))
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no field was ever met.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The stored fields.
    ///
    /// # Errors
    /// `Corrupted` when they are not what was written.
    pub fn read(tables: &Tables, txn: &Txn<'_>) -> Result<Fields, StorageError> {
        let bytes = tables.main.get(txn, main_table::FIELDS)?.unwrap_or_default();
        Fields::decode(bytes).ok_or(main_table::damaged("the fields cannot be read"))
    }

    /// Stores the fields, if they are others than those stored.
    pub fn write(&self, tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        for name in &self.names {
            varint::put_slice(&mut bytes, name.as_bytes());
        }
        if tables.main.get(txn, main_table::FIELDS)?.unwrap_or_default() != bytes {
            tables.main.put(txn, main_table::FIELDS, &bytes)?;
            main_table::next_generation(tables, txn)?;
        }
        Ok(())
    }

    fn decode(mut bytes: &[u8]) -> Option<Fields> {
        let mut fields = Fields::default();
        while !bytes.is_empty() {
            let name = std::str::from_utf8(varint::take_slice(&mut bytes)?).ok()?;
            fields.insert(name).ok()?;
        }
        Some(fields)
    }
}

/// Whether `field` is `parent` or nested in it: `author.name` is in `author`.
pub fn is_in(field: &str, parent: &str) -> bool {
    field.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The parents of a nested field, outermost first: `a` and `a.b` for `a.b.c`.
pub fn parents(field: &str) -> impl Iterator<Item = &str> {
    field.match_indices('.').map(|(dot, _)| &field[..dot])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ids_follow_the_order_of_arrival() {
        let mut fields = Fields::default();
        assert_eq!(fields.insert("title"), Ok(0));
        assert_eq!(fields.insert("author.name"), Ok(1));
        assert_eq!(fields.insert("title"), Ok(0));
        assert_eq!((fields.id("author.name"), fields.name(1), fields.get(2)), (Some(1), "author.name", None));
        assert_eq!(fields.iter().collect::<Vec<_>>(), [(0, "title"), (1, "author.name")]);
    }

    #[test]
    fn there_is_a_last_field() {
        let mut fields = Fields::default();
        for number in 0..FIELDS_MAX {
            fields.insert(&number.to_string()).unwrap();
        }
        assert_eq!(fields.insert("one more"), Err(TooManyFields));
        assert_eq!(fields.insert("0"), Ok(0));
    }

    #[test]
    fn nesting_is_told_by_whole_names() {
        assert!(is_in("author", "author") && is_in("author.name", "author"));
        assert!(!is_in("authors", "author") && !is_in("author", "author.name"));
        assert_eq!(parents("a.b.c").collect::<Vec<_>>(), ["a", "a.b"]);
        assert_eq!(parents("a").count(), 0);
    }
}
