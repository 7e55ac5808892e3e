//! Records: what is written is read, compressed or not; damaged bytes are refused.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use quarry_index::{
    CompressionDictionary, FieldId, Fields, Index, IndexOptions, RecordReader, RecordWriter, external_ids,
    keys,
};
use serde_json::json;

/// JSON texts as clients send them, keeping their own form.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z é]{0,60}".prop_map(|text| json!(text).to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("1.50e3".to_owned()),
        Just("{\"a\" : [1, null]}".to_owned()),
        Just("[]".to_owned()),
    ]
}

fn document() -> impl Strategy<Value = Vec<(FieldId, String)>> {
    prop::collection::btree_map(any::<FieldId>(), value(), 0..12).prop_map(|map| map.into_iter().collect())
}

fn fields_of(document: &[(FieldId, String)]) -> impl ExactSizeIterator<Item = (FieldId, &str)> + Clone {
    document.iter().map(|(field, value)| (*field, value.as_str()))
}

fn trained() -> CompressionDictionary {
    let mut writer = RecordWriter::new(None).unwrap();
    let sample = |number: u32| {
        let text =
            format!("\"a sentence about film {number} by director {} of {}\"", number % 17, number % 97);
        let document = vec![(0, number.to_string()), (1, text.repeat(6))];
        writer.body(fields_of(&document)).to_vec()
    };
    let samples: Vec<Vec<u8>> = (0..3000).map(sample).collect();
    CompressionDictionary::train(&samples).expect("enough samples")
}

proptest! {
    #[test]
    fn what_is_written_is_read(documents in prop::collection::vec(document(), 1..8)) {
        let mut writer = RecordWriter::new(None).unwrap();
        let mut reader = RecordReader::new(None);
        for document in &documents {
            let stored = writer.encode(fields_of(document)).unwrap().to_vec();
            let record = reader.read(&stored).unwrap();
            let read: Vec<_> = record.iter().map(|(field, text)| (field, text.to_owned())).collect();
            prop_assert_eq!(&read, document);
            for (field, text) in document {
                prop_assert_eq!(record.text(*field), Some(text.as_str()));
                prop_assert_eq!(record.get(*field).unwrap().unwrap().get(), text);
            }
            prop_assert_eq!(record.text(FieldId::MAX).is_some(), document.iter().any(|(f, _)| *f == FieldId::MAX));
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..60), form in 0..4u8) {
        if let Some(first) = bytes.first_mut() {
            *first = form;
        }
        if let Ok(record) = RecordReader::new(None).read(&bytes) {
            for (field, _) in record.iter() {
                drop(record.get(field));
            }
        }
    }
}

#[test]
fn a_dictionary_makes_small_records_smaller() {
    let dictionary = trained();
    let document =
        vec![(0, "12345".to_owned()), (1, "\"a sentence about film 12 by director 3\"".to_owned())];
    let mut writer = RecordWriter::new(Some(&dictionary)).unwrap();
    let stored = writer.encode(fields_of(&document)).unwrap().to_vec();
    let without = RecordWriter::new(None).unwrap().encode(fields_of(&document)).unwrap().len();
    assert!(stored.len() < without * 3 / 4, "{} against {without}", stored.len());
    let mut reader = RecordReader::new(Some(dictionary.clone()));
    assert_eq!(reader.read(&stored).unwrap().text(1), Some(document[1].1.as_str()));
    // Records written before the dictionary was there are read beside.
    let before = RecordWriter::new(None).unwrap().encode(fields_of(&document)).unwrap().to_vec();
    assert_eq!(reader.read(&before).unwrap().len(), 2);
    // Without it, the record is refused.
    assert!(RecordReader::new(None).read(&stored).is_err());
}

#[test]
fn small_indexes_have_no_dictionary() {
    assert!(CompressionDictionary::train(&vec![b"{}".to_vec(); 100]).is_none());
}

#[test]
fn documents_through_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    let tables = index.tables();
    let mut fields = Fields::default();
    let (id, meta) = (fields.insert("title").unwrap() + 1, fields.insert("meta").unwrap() + 1);
    assert_eq!((id, meta), (1, 2));
    let document = vec![(0, "\"Iron\"".to_owned()), (1, "{\"key\":{\"id\":42}}".to_owned())];
    let mut txn = index.environment().write_txn().unwrap();
    fields.write(tables, &mut txn).unwrap();
    let dictionary = trained();
    dictionary.write(tables, &mut txn).unwrap();
    let mut writer = RecordWriter::new(Some(&dictionary)).unwrap();
    let stored = writer.encode(fields_of(&document)).unwrap();
    tables.documents.put(&mut txn, &keys::document::key(5), stored).unwrap();
    external_ids::put(tables, &mut txn, "42", 5).unwrap();
    let mut settings = quarry_index::Settings::read(tables, &txn).unwrap();
    settings.primary_key = Some("meta.key.id".to_owned());
    settings.write(tables, &mut txn).unwrap();
    txn.commit().unwrap();

    let snapshot = index.snapshot().unwrap();
    assert_eq!(snapshot.document_id("42").unwrap(), Some(5));
    assert_eq!(snapshot.document_id("").unwrap(), None);
    assert_eq!(snapshot.document_id(&"x".repeat(600)).unwrap(), None);
    assert_eq!(snapshot.external_id(5).unwrap().as_deref(), Some("42"));
    assert_eq!(snapshot.record(6).unwrap().map(|record| record.len()), None);
    let json = snapshot.document_json(5).unwrap().unwrap();
    assert_eq!(serde_json::Value::Object(json).to_string(), r#"{"title":"Iron","meta":{"key":{"id":42}}}"#);
}
