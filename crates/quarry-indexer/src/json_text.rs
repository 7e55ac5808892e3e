//! JSON as text: the slices of an object, without building values.
//!
//! Documents stay the bytes that were sent. Here they are cut where the syntax says so, and nothing is
//! copied. The text was validated when the payload was received or the document stored; damaged text gives
//! [`Damaged`], never a panic.

use std::borrow::Cow;

use memchr::memchr2;

/// Deepest nesting of a document: the document itself counts as one level.
pub(crate) const DEPTH_MAX: usize = 127;

/// The text is not the JSON that it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("damaged JSON text")]
pub(crate) struct Damaged;

/// The entries of an object: decoded key and raw value, in the order of the text.
pub(crate) struct Entries<'t> {
    text: &'t str,
    at: usize,
    started: bool,
}

/// Opens an object, which may have white space around it.
pub(crate) fn entries(object: &str) -> Result<Entries<'_>, Damaged> {
    let at = skip_white_space(object.as_bytes(), 0);
    if object.as_bytes().get(at) != Some(&b'{') {
        return Err(Damaged);
    }
    Ok(Entries { text: object, at: at + 1, started: false })
}

impl<'t> Entries<'t> {
    fn advance(&mut self) -> Result<Option<(Cow<'t, str>, &'t str)>, Damaged> {
        let bytes = self.text.as_bytes();
        self.at = skip_white_space(bytes, self.at);
        match bytes.get(self.at) {
            Some(b'}') => return Ok(None),
            Some(b',') if self.started => self.at = skip_white_space(bytes, self.at + 1),
            _ if self.started => return Err(Damaged),
            _ => {}
        }
        self.started = true;
        let key_end = string_end(bytes, self.at).ok_or(Damaged)?;
        let key = decode_string(&self.text[self.at..key_end])?;
        let colon = skip_white_space(bytes, key_end);
        if bytes.get(colon) != Some(&b':') {
            return Err(Damaged);
        }
        let value_start = skip_white_space(bytes, colon + 1);
        self.at = value_end(bytes, value_start).ok_or(Damaged)?;
        Ok(Some((key, &self.text[value_start..self.at])))
    }
}

impl<'t> Iterator for Entries<'t> {
    type Item = Result<(Cow<'t, str>, &'t str), Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

/// The raw elements of an array.
pub(crate) struct Elements<'t> {
    text: &'t str,
    at: usize,
    started: bool,
}

/// Opens an array that starts at the first byte.
pub(crate) fn elements(array: &str) -> Result<Elements<'_>, Damaged> {
    if !array.starts_with('[') {
        return Err(Damaged);
    }
    Ok(Elements { text: array, at: 1, started: false })
}

impl<'t> Elements<'t> {
    fn advance(&mut self) -> Result<Option<&'t str>, Damaged> {
        let bytes = self.text.as_bytes();
        self.at = skip_white_space(bytes, self.at);
        match bytes.get(self.at) {
            Some(b']') => return Ok(None),
            Some(b',') if self.started => self.at = skip_white_space(bytes, self.at + 1),
            _ if self.started => return Err(Damaged),
            _ => {}
        }
        self.started = true;
        let start = self.at;
        self.at = value_end(bytes, start).ok_or(Damaged)?;
        Ok(Some(&self.text[start..self.at]))
    }
}

impl<'t> Iterator for Elements<'t> {
    type Item = Result<&'t str, Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}

/// The text of a JSON string with its quotes, decoded; borrowed when nothing is escaped.
pub(crate) fn decode_string(quoted: &str) -> Result<Cow<'_, str>, Damaged> {
    let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or(Damaged)?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str(quoted).map(Cow::Owned).map_err(|_| Damaged)
}

/// Whether a value is nested deeper than `levels`, itself included.
pub(crate) fn is_deeper_than(value: &str, levels: usize) -> bool {
    let bytes = value.as_bytes();
    let opens = bytes.iter().filter(|&&byte| byte == b'{' || byte == b'[').count();
    if opens <= levels {
        return false;
    }
    let (mut at, mut depth) = (0, 0usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => match string_end(bytes, at) {
                Some(end) => {
                    at = end;
                    continue;
                }
                None => return false,
            },
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > levels {
            return true;
        }
        at += 1;
    }
    false
}

/// Appends `value` without the white space between its tokens.
pub(crate) fn write_compact(value: &str, out: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let end = if byte == b'"' { string_end(bytes, at).unwrap_or(bytes.len()) } else { at + 1 };
        if !byte.is_ascii_whitespace() {
            out.extend_from_slice(&bytes[at..end]);
        }
        at = end;
    }
}

fn skip_white_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// Where the string that opens at `at` ends, its closing quote included.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let mut at = at + 1;
    loop {
        let found = at + memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[found] == b'"' {
            return Some(found + 1);
        }
        at = found + 2;
    }
}

/// Where the value that starts at `at` ends.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => string_end(bytes, at),
        b'{' | b'[' => container_end(bytes, at),
        _ => {
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
            let length = bytes[at..].iter().position(ends).unwrap_or(bytes.len() - at);
            (length > 0).then_some(at + length)
        }
    }
}

fn container_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn keys_and_values(object: &str) -> Result<Vec<(String, String)>, Damaged> {
        entries(object)?.map(|entry| entry.map(|(key, value)| (key.into_owned(), value.to_owned()))).collect()
    }

    #[test]
    fn an_object_is_cut_into_its_entries() {
        let cut = keys_and_values(r#" { "a" : [1,{"x":"]"}], "b\"c":"}\\" ,"d":-1.5e3}"#).unwrap();
        let expected = [("a", r#"[1,{"x":"]"}]"#), ("b\"c", r#""}\\""#), ("d", "-1.5e3")];
        assert_eq!(cut, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(keys_and_values("{}").unwrap(), []);
    }

    #[test]
    fn an_array_is_cut_into_its_elements() {
        let cut: Result<Vec<_>, _> = elements(r#"[1, "a,]", [2,[3]],{}]"#).unwrap().collect();
        assert_eq!(cut.unwrap(), ["1", r#""a,]""#, "[2,[3]]", "{}"]);
    }

    #[test]
    fn depth_counts_containers_and_not_what_strings_hold() {
        assert!(!is_deeper_than(r#"{"a":"[[[["}"#, 1));
        assert!(!is_deeper_than("[[],[],[]]", 2));
        assert!(is_deeper_than("[[[]]]", 2));
    }

    #[test]
    fn white_space_between_tokens_goes() {
        let mut out = Vec::new();
        write_compact("{ \"a b\" : [ 1 ,\n2 ] }", &mut out);
        assert_eq!(out, br#"{"a b":[1,2]}"#);
    }

    proptest! {
        #[test]
        fn damaged_text_never_panics(text in "[\\[\\]{}:,\"\\\\a1 ]{0,40}") {
            let _ = keys_and_values(&text);
            if let Ok(elements) = elements(&text) {
                let _: Vec<_> = elements.take(100).collect();
            }
            is_deeper_than(&text, 2);
            write_compact(&text, &mut Vec::new());
        }
    }
}
