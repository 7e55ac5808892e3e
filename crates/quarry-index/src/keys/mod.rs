//! The bytes of the keys, one shape per file.
//!
//! Every shape offers `key` (a fresh key), `put` (into a buffer that is reused: its content is replaced),
//! `parse` (`None` for bytes that are no such key) and, where scans exist, the prefix of the keys to scan.
//! Within a table no key is a prefix of another, and the byte order of keys is the order that readers
//! need. Integers are big endian for that.
//!
//! Words never hold the byte 0x00: it is a separator in every text.

pub mod document;
pub mod document_facet;
pub mod document_set;
pub mod facet_number;
pub mod facet_string;
pub mod field;
pub mod field_word_count;
pub mod word;
pub mod word_number;
pub mod word_pair;

/// Ends a word inside a key.
const WORD_END: u8 = 0x00;

fn put_word(key: &mut Vec<u8>, word: impl AsRef<[u8]>) {
    debug_assert!(!word.as_ref().contains(&WORD_END), "0x00 is a separator, never part of a word");
    key.extend_from_slice(word.as_ref());
    key.push(WORD_END);
}

/// Takes a word and its end off the front of `key`.
fn take_word<'k>(key: &mut &'k [u8]) -> Option<&'k str> {
    let end = key.iter().position(|&byte| byte == WORD_END)?;
    let word = std::str::from_utf8(&key[..end]).ok()?;
    *key = &key[end + 1..];
    Some(word)
}

fn take_u16(key: &mut &[u8]) -> Option<u16> {
    let (bytes, rest) = key.split_first_chunk()?;
    *key = rest;
    Some(u16::from_be_bytes(*bytes))
}
