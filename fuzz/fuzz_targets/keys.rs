//! Keys of every table: any bytes give a key or nothing; what is read is written the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_facets::FacetKey;
use quarry_index::keys::{
    document, document_facet, facet_number, facet_string, field, field_word_count, word, word_number,
    word_pair,
};

fuzz_target!(|key: &[u8]| {
    if let Some(word) = word::parse(key) {
        assert_eq!(word::key(word), key);
    }
    if let Some((word, number)) = word_number::parse(key) {
        assert_eq!(word_number::key(word, number), key);
    }
    if let Some((first, second, distance)) = word_pair::parse(key) {
        assert_eq!(word_pair::key(first, second, distance), key);
    }
    if let Some((field, count)) = field_word_count::parse(key) {
        assert_eq!(field_word_count::key(field, count), key);
    }
    if let Some(field) = field::parse(key) {
        assert_eq!(field::key(field), key);
    }
    if let Some(document) = document::parse(key) {
        assert_eq!(document::key(document), key);
    }
    if let Some((field, document)) = document_facet::parse(key) {
        assert_eq!(document_facet::key(field, document), key);
    }
    if let Some((field, 0, number)) = facet_number::parse(key)
        && !number.is_nan()
        && number != 0.0
    {
        assert_eq!(facet_number::key(field, number), key);
    }
    if let Some((field, 0, text)) = facet_string::parse(key) {
        // Keys longer than are ever stored are cut.
        let written = facet_string::key(field, &text);
        let kept = written.len() - 2;
        assert!(written == key || (written.len() < key.len() && written[..kept] == key[..kept]));
    }
    if let Some(parts) = FacetKey::parse(key) {
        assert_eq!(parts.to_bytes(), key);
    }
    // Values of documents: lists that end where the bytes end.
    let numbers = document_facet::numbers(key);
    assert!(numbers.len() <= key.len());
    assert!(document_facet::strings(key).count() <= key.len());
});
