//! Making a record.

use quarry_storage::StorageError;
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

use super::CompressionDictionary;
use super::compression::LEVEL;
use super::record::{FORM_COMPRESSED, FORM_PLAIN, FORM_WITH_DICTIONARY, RECORD_BYTES_MAX};
use crate::{FieldId, varint};

/// Bodies below this length, in bytes, are not compressed without a dictionary: there is nothing to gain.
const COMPRESSED_BYTES_MIN: usize = 96;

/// Encodes records: one per thread, as it keeps the state of the compressor and the buffers.
pub struct RecordWriter<'d> {
    compressor: Compressor<'d>,
    form: u8,
    body: Vec<u8>,
    record: Vec<u8>,
    compressed: Vec<u8>,
}

impl<'d> RecordWriter<'d> {
    /// A writer for an index with this dictionary.
    ///
    /// # Errors
    /// `Io` when the compressor refuses the dictionary.
    pub fn new(dictionary: Option<&'d CompressionDictionary>) -> Result<RecordWriter<'d>, StorageError> {
        let (mut compressor, form) = match dictionary {
            Some(dictionary) => {
                (Compressor::with_prepared_dictionary(dictionary.encoder())?, FORM_WITH_DICTIONARY)
            }
            None => (Compressor::new(LEVEL)?, FORM_COMPRESSED),
        };
        // The record says these already, or does not need them.
        for parameter in [
            CParameter::ContentSizeFlag(false),
            CParameter::DictIdFlag(false),
            CParameter::ChecksumFlag(false),
        ] {
            compressor.set_parameter(parameter)?;
        }
        Ok(RecordWriter { compressor, form, body: Vec::new(), record: Vec::new(), compressed: Vec::new() })
    }

    /// The record of a document.
    ///
    /// - `fields`: top-level fields ascending by id, each once, with their values as JSON text
    /// - result: borrowed until the next call
    ///
    /// # Errors
    /// `Io` when the document is longer than 1 GiB or cannot be compressed.
    pub fn encode<'f>(
        &mut self,
        fields: impl ExactSizeIterator<Item = (FieldId, &'f str)> + Clone,
    ) -> Result<&[u8], StorageError> {
        self.put_body(fields);
        if self.body.len() > RECORD_BYTES_MAX {
            return Err(std::io::Error::other("a document is longer than 1 GiB").into());
        }
        if self.form == FORM_WITH_DICTIONARY || self.body.len() >= COMPRESSED_BYTES_MIN {
            self.compress()?;
            if self.record.len() <= self.body.len() {
                return Ok(&self.record);
            }
        }
        self.record.clear();
        self.record.push(FORM_PLAIN);
        self.record.extend_from_slice(&self.body);
        Ok(&self.record)
    }

    /// The bytes of a body alone: what a compression dictionary is trained on.
    pub fn body<'f>(&mut self, fields: impl ExactSizeIterator<Item = (FieldId, &'f str)> + Clone) -> &[u8] {
        self.put_body(fields);
        &self.body
    }

    fn put_body<'f>(&mut self, fields: impl ExactSizeIterator<Item = (FieldId, &'f str)> + Clone) {
        self.body.clear();
        varint::put(&mut self.body, fields.len() as u64);
        let mut next_field = 0u32;
        for (field, value) in fields.clone() {
            debug_assert!(u32::from(field) >= next_field, "fields ascend");
            varint::put(&mut self.body, u64::from(u32::from(field) - next_field));
            varint::put(&mut self.body, value.len() as u64);
            next_field = u32::from(field) + 1;
        }
        for (_, value) in fields {
            self.body.extend_from_slice(value.as_bytes());
        }
    }

    fn compress(&mut self) -> Result<(), StorageError> {
        self.compressed.clear();
        self.compressed.reserve(zstd::zstd_safe::compress_bound(self.body.len()));
        self.compressor.compress_to_buffer(&self.body, &mut self.compressed)?;
        self.record.clear();
        self.record.push(self.form);
        varint::put(&mut self.record, self.body.len() as u64);
        self.record.extend_from_slice(&self.compressed);
        Ok(())
    }
}
