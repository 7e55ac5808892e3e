//! Reading a record.
//!
//! Layout of a stored record: form (u8), then
//! - form 0: the body;
//! - form 1: length of the body (varint), the body as a zstd frame;
//! - form 2: the same, compressed with the index's dictionary.
//!
//! Layout of a body: number of fields (varint); for each field, ascending by id: its id less the smallest
//! id it could have (varint), length of its value (varint); then the values in the same order, as the JSON
//! text that was sent. Only top-level fields are there; nested ones are inside their values.

use std::borrow::Cow;
use std::ops::Range;

use quarry_storage::StorageError;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use zstd::bulk::Decompressor;

use super::CompressionDictionary;
use crate::{FieldId, Fields, varint};

pub(super) const FORM_PLAIN: u8 = 0;
pub(super) const FORM_COMPRESSED: u8 = 1;
pub(super) const FORM_WITH_DICTIONARY: u8 = 2;

/// Longest body that is read or written, in bytes.
pub const RECORD_BYTES_MAX: usize = 1 << 30;

pub(super) fn damaged(detail: &'static str) -> StorageError {
    StorageError::Corrupted { table: "documents", detail }
}

/// Decodes records: one per thread, as it keeps the state of the decompressor.
pub struct RecordReader {
    dictionary: Option<CompressionDictionary>,
    plain: Option<Decompressor<'static>>,
    with_dictionary: Option<Decompressor<'static>>,
}

impl RecordReader {
    /// A reader of the records of an index with this dictionary.
    pub fn new(dictionary: Option<CompressionDictionary>) -> RecordReader {
        RecordReader { dictionary, plain: None, with_dictionary: None }
    }

    /// The record of `stored` bytes.
    ///
    /// # Errors
    /// `Corrupted` for bytes that are no record of this index.
    pub fn read<'t>(&mut self, stored: &'t [u8]) -> Result<Record<'t>, StorageError> {
        let (&form, rest) = stored.split_first().ok_or(damaged("a record is empty"))?;
        let body = match form {
            FORM_PLAIN => Cow::Borrowed(rest),
            FORM_COMPRESSED | FORM_WITH_DICTIONARY => Cow::Owned(self.decompress(form, rest)?),
            _ => return Err(damaged("a record has an unknown form")),
        };
        Record::parse(body).ok_or(damaged("the fields of a record cannot be read"))
    }

    fn decompress(&mut self, form: u8, mut stored: &[u8]) -> Result<Vec<u8>, StorageError> {
        let length = varint::take(&mut stored).and_then(|length| usize::try_from(length).ok());
        let length = length
            .filter(|&length| length <= RECORD_BYTES_MAX)
            .ok_or(damaged("the length of a record is out of range"))?;
        let body = self.decompressor(form)?.decompress(stored, length);
        body.ok().filter(|body| body.len() == length).ok_or(damaged("a record cannot be decompressed"))
    }

    fn decompressor(&mut self, form: u8) -> Result<&mut Decompressor<'static>, StorageError> {
        let (slot, dictionary) = match form {
            FORM_WITH_DICTIONARY => {
                let dictionary = self.dictionary.as_ref().ok_or(damaged("the dictionary is missing"))?;
                (&mut self.with_dictionary, dictionary.bytes())
            }
            _ => (&mut self.plain, &[][..]),
        };
        match slot {
            Some(decompressor) => Ok(decompressor),
            None => Ok(slot.insert(Decompressor::with_dictionary(dictionary)?)),
        }
    }
}

/// A decoded document: its top-level fields with their values as JSON text.
#[derive(Debug, Clone)]
pub struct Record<'t> {
    body: Cow<'t, [u8]>,
    /// Ascending by field. Every range is UTF-8.
    values: Vec<(FieldId, Range<usize>)>,
}

impl<'t> Record<'t> {
    fn parse(body: Cow<'t, [u8]>) -> Option<Record<'t>> {
        let mut rest: &[u8] = &body;
        // A field takes two bytes at least, so a wrong count cannot ask for much memory.
        let count =
            usize::try_from(varint::take(&mut rest)?).ok().filter(|&count| count <= body.len() / 2)?;
        let mut lengths = Vec::with_capacity(count);
        let mut next_field = 0u64;
        for _ in 0..count {
            let field = next_field.checked_add(varint::take(&mut rest)?)?;
            lengths.push((FieldId::try_from(field).ok()?, usize::try_from(varint::take(&mut rest)?).ok()?));
            next_field = field + 1;
        }
        let mut start = body.len() - rest.len();
        let mut values = Vec::with_capacity(count);
        for (field, length) in lengths {
            let end = start.checked_add(length)?;
            std::str::from_utf8(body.get(start..end)?).ok()?;
            values.push((field, start..end));
            start = end;
        }
        (start == body.len()).then_some(Record { body, values })
    }

    /// The value of `field`, as the JSON text that was sent.
    pub fn text(&self, field: FieldId) -> Option<&str> {
        let place = self.values.binary_search_by_key(&field, |&(field, _)| field).ok()?;
        Some(self.slice(&self.values[place].1))
    }

    /// The value of `field`, checked to be JSON.
    ///
    /// # Errors
    /// `Corrupted` when it is not.
    pub fn get(&self, field: FieldId) -> Result<Option<&RawValue>, StorageError> {
        self.text(field).map(raw).transpose()
    }

    /// The value of `field`, parsed.
    ///
    /// # Errors
    /// `Corrupted` when it is not JSON.
    pub fn value(&self, field: FieldId) -> Result<Option<Value>, StorageError> {
        self.text(field).map(parse).transpose()
    }

    /// Fields and their values as JSON text, ascending by field.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FieldId, &str)> {
        self.values.iter().map(|(field, range)| (*field, self.slice(range)))
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the document has no field.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The whole document, its fields in the order in which the index met them first.
    ///
    /// # Errors
    /// `Corrupted` when a value is not JSON or a field has no name.
    pub fn to_json_object(&self, fields: &Fields) -> Result<Map<String, Value>, StorageError> {
        let mut object = Map::with_capacity(self.len());
        for (field, text) in self.iter() {
            let name = fields.get(field).ok_or(damaged("a record has a field without name"))?;
            object.insert(name.to_owned(), parse(text)?);
        }
        Ok(object)
    }

    fn slice(&self, range: &Range<usize>) -> &str {
        std::str::from_utf8(&self.body[range.clone()])
            .expect("every range was checked when the record was read")
    }
}

fn raw(text: &str) -> Result<&RawValue, StorageError> {
    serde_json::from_str(text).map_err(|_| damaged("a value of a record is not JSON"))
}

fn parse(text: &str) -> Result<Value, StorageError> {
    serde_json::from_str(text).map_err(|_| damaged("a value of a record is not JSON"))
}
