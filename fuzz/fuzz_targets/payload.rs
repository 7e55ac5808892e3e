//! Bodies with documents: JSON, NDJSON, CSV. What is let through is one object a line, as many as were counted.
//!
//! The first byte chooses the format, for CSV the second one is the delimiter.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::Pieces;
use quarry_indexer::payload::{PayloadFormat, convert};
use serde_json::{Map, Value};

fuzz_target!(|input: &[u8]| {
    let mut pieces = Pieces::of(input);
    let format = match pieces.byte() {
        b'j' => PayloadFormat::Json,
        b'n' => PayloadFormat::Ndjson,
        b'c' => PayloadFormat::Csv { delimiter: pieces.byte() & 0x7f },
        _ => return,
    };
    let (body, mut payload) = (pieces.rest(), Vec::new());
    match convert(format, body, &mut payload) {
        Ok(documents) => {
            let lines: Vec<&[u8]> = payload.split_inclusive(|&byte| byte == b'\n').collect();
            assert_eq!(lines.len() as u64, documents);
            for line in lines {
                let mut reader = serde_json::Deserializer::from_slice(line);
                reader.disable_recursion_limit();
                let read = <Map<String, Value> as serde::Deserialize>::deserialize(&mut reader);
                assert!(read.is_ok(), "{}: {:?}", String::from_utf8_lossy(line), read.err());
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
