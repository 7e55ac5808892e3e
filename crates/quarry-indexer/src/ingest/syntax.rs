//! The words for documents with broken syntax: those of a parser that takes document by document, looks at
//! the syntax of each first, and at its bytes when it has come to the end of it.

use serde_json::value::RawValue;

/// How the parser begins its words about bytes that are not UTF-8.
const NOT_UNICODE: &str = "invalid unicode code point";

/// Shows the documents of an input, in order, until one is broken.
type Documents = for<'i> fn(&'i [u8], &mut dyn FnMut(&'i RawValue)) -> serde_json::Result<()>;

/// What is wrong with the syntax of `input`, if anything is.
pub(super) fn error_words(input: &[u8], documents: Documents) -> Option<String> {
    let words = documents(input, &mut |_| ()).err()?.to_string();
    let Some(wrong) = not_unicode(input).filter(|_| words.starts_with(NOT_UNICODE)) else {
        return Some(words);
    };
    // The same documents with letters in the place of what is not ASCII.
    let masked: Vec<u8> = input.iter().map(|byte| if byte.is_ascii() { *byte } else { b'x' }).collect();
    let mut end = None;
    // An error would be about what follows the document.
    let _ = documents(&masked, &mut |document| {
        let document_end = document.get().as_bytes().as_ptr_range().end as usize - masked.as_ptr() as usize;
        if end.is_none() && document_end > wrong {
            end = Some(document_end);
        }
    });
    let (line, column) = position(&input[..end?]);
    Some(format!("{NOT_UNICODE} at line {line} column {column}"))
}

/// Where the first byte is that is not UTF-8.
fn not_unicode(input: &[u8]) -> Option<usize> {
    Some(std::str::from_utf8(input).err()?.valid_up_to())
}

/// Line and column, from 1, of the last of the bytes `read`.
fn position(read: &[u8]) -> (usize, usize) {
    let line_start = memchr::memrchr(b'\n', read).map_or(0, |newline| newline + 1);
    (memchr::memchr_iter(b'\n', read).count() + 1, read.len() - line_start)
}
