//! Stored records of any bytes, and true records: what was written is read.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_index::{CompressionDictionary, Fields, RecordReader, RecordWriter};

static DICTIONARY: LazyLock<Option<CompressionDictionary>> = LazyLock::new(|| {
    let sample =
        |number: u32| format!("{{\"title\":\"film {number}\",\"text\":\"{}\"}}", "words ".repeat(200));
    CompressionDictionary::train(&(0..512).map(sample).collect::<Vec<String>>())
});

fuzz_target!(|input: &[u8]| {
    let mut fields = Fields::default();
    for name in ["id", "title", "text", "a.b"] {
        fields.insert(name).expect("there are few fields");
    }
    for dictionary in [None, DICTIONARY.clone()] {
        let mut reader = RecordReader::new(dictionary.clone());
        if let Ok(record) = reader.read(input) {
            assert_eq!(record.iter().len(), record.len());
            let _ = (record.to_json_object(&fields), record.value(1), record.get(2), record.text(u16::MAX));
        }
        let values = values(input);
        let mut writer = RecordWriter::new(dictionary.as_ref()).expect("a writer can be made");
        let stored = writer.encode(values.iter().map(|(field, text)| (*field, text.as_str())));
        let stored = stored.expect("a small document can be written").to_vec();
        let record = reader.read(&stored).expect("it was just written");
        let read: Vec<(u16, String)> = record.iter().map(|(field, text)| (field, text.to_owned())).collect();
        assert_eq!(read, values);
    }
});

/// Fields in ascending order with values of any text.
fn values(input: &[u8]) -> Vec<(u16, String)> {
    let (mut pieces, mut values, mut field) = (Pieces::of(input), Vec::new(), 0u16);
    while let Some(piece) = pieces.piece() {
        values.push((field, String::from_utf8_lossy(piece).into_owned()));
        let Some(next) = field.checked_add(u16::from(pieces.byte()) + 1) else { break };
        field = next;
    }
    values
}
