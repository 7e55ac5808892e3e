//! Which field names a document: given, known, or inferred from the first document of a payload.

use crate::error::{DocumentError, IndexError};
use crate::json_text::{Damaged, entries};

/// Infers the primary key from the first document: the one top-level key that ends with `id`, in any case.
///
/// # Errors
/// `NoPrimaryKeyCandidate`, `SeveralPrimaryKeyCandidates`.
pub(crate) fn infer(document: &str) -> Result<String, IndexError> {
    let mut candidates = Vec::new();
    for entry in entries(document)? {
        let (key, _) = entry?;
        if key.to_lowercase().ends_with("id") {
            candidates.push(key.into_owned());
        }
    }
    candidates.sort_unstable();
    candidates.dedup();
    match candidates.as_slice() {
        [] => Err(DocumentError::NoPrimaryKeyCandidate.into()),
        [_] => Ok(candidates.swap_remove(0)),
        [first, second, ..] => Err(DocumentError::SeveralPrimaryKeyCandidates {
            candidates_count: candidates.len(),
            first: first.clone(),
            second: second.clone(),
        }
        .into()),
    }
}

/// What the path of the primary key leads to in a document.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found<'d> {
    /// Nothing.
    #[default]
    Nothing,
    /// One raw value.
    One(&'d str),
    /// Several values, because a dot may separate fields or belong to a name.
    Several,
}

impl<'d> Found<'d> {
    /// Looks at one top-level entry of a document. Of equal keys the last counts.
    pub(crate) fn look_at(&mut self, primary_key: &str, key: &str, value: &'d str) -> Result<(), Damaged> {
        if key == primary_key {
            let nested = matches!(self, Found::One(_)) && primary_key.contains('.');
            *self = if nested { Found::Several } else { Found::One(value) };
            return Ok(());
        }
        let rest = primary_key.strip_prefix(key).and_then(|rest| rest.strip_prefix('.'));
        let Some(rest) = rest.filter(|_| value.starts_with('{')) else { return Ok(()) };
        let mut inside = Found::Nothing;
        for entry in entries(value)? {
            let (key, value) = entry?;
            inside.look_at(rest, &key, value)?;
        }
        *self = match (*self, inside) {
            (Found::Nothing, inside) => inside,
            (found, Found::Nothing) => found,
            _ => Found::Several,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn inferred(document: &str) -> Result<String, String> {
        infer(document).map_err(|error| error.to_string())
    }

    #[test]
    fn the_only_key_that_ends_with_id_is_the_primary_key() {
        assert_eq!(inferred(r#"{"n":1,"bookID":"b"}"#).unwrap(), "bookID");
        assert_eq!(inferred(r#"{"paid":1}"#).unwrap(), "paid");
        assert!(inferred(r#"{"ident":1,"nested":{"id":2}}"#).unwrap_err().contains("did not find any field"));
        assert!(
            inferred(r#"{"id":1,"bid":2,"aId":3}"#)
                .unwrap_err()
                .contains("found 3 fields ending with `id` in their names: 'aId' and 'bid'.")
        );
    }

    fn found<'d>(primary_key: &str, document: &'d str) -> Found<'d> {
        let mut found = Found::default();
        for entry in entries(document).unwrap() {
            let (key, value) = entry.unwrap();
            found.look_at(primary_key, &key, value).unwrap();
        }
        found
    }

    #[test]
    fn a_dot_separates_fields_or_belongs_to_a_name() {
        assert_eq!(found("a.b", r#"{"a":{"b":1}}"#), Found::One("1"));
        assert_eq!(found("a.b", r#"{"a.b":2}"#), Found::One("2"));
        assert_eq!(found("a.b", r#"{"a.b":2,"a":{"b":1}}"#), Found::Several);
        assert_eq!(found("a.b", r#"{"a":{"b":1},"a.b":2}"#), Found::Several);
        assert_eq!(found("a.b", r#"{"a":"b"}"#), Found::Nothing);
        assert_eq!(found("a", r#"{"a":1,"a":2}"#), Found::One("2"));
    }
}
