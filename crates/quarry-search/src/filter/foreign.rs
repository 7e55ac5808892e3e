//! `_foreign(field, condition)`: documents whose field holds the id of a document of another index on which a
//! condition holds.
//!
//! Before evaluation, each such condition is replaced by `field IN [ids]`. Who opens the other index is the caller.

use quarry_filter::{Filter, Token, Wording};
use quarry_index::{Settings, Snapshot};

use super::{FilterEvaluationError, Refusal, TIME_MAX_MS, evaluate};

/// The most documents of the other index that a `_foreign` may match.
pub const FOREIGN_DOCUMENTS_MAX: u64 = 100;

/// Replaces each `_foreign` of a filter by the list of ids that match in the other index.
///
/// - `settings`: those of the index that is filtered; they say which fields are foreign keys, and to which index
/// - `ids_in`: given the name of another index and a filter for it, the ids that match ([`matching_ids`])
///
/// # Errors
/// `Refused` for fields that are no foreign keys and for `_foreign` inside `_foreign`; whatever `ids_in` gives.
pub fn resolve_foreign<E: From<FilterEvaluationError>>(
    settings: &Settings,
    filter: Filter,
    mut ids_in: impl FnMut(&str, &Filter) -> Result<Vec<String>, E>,
) -> Result<Filter, E> {
    filter.resolve_foreign(|field, foreign| {
        let index = foreign_index(settings, field)?;
        if foreign.uses_foreign().is_some() {
            return Err(refused(Refusal::ForeignNested).into());
        }
        ids_in(index, foreign)
    })
}

/// The external ids of the documents of another index on which `filter` holds; `field` is what refers to them.
///
/// # Errors
/// As [`evaluate`]; `Refused` if more than [`FOREIGN_DOCUMENTS_MAX`] match.
pub fn matching_ids(
    snapshot: &Snapshot<'_>,
    filter: &Filter,
    field: &str,
    wording: Wording,
) -> Result<Vec<String>, FilterEvaluationError> {
    let documents = evaluate(snapshot, filter, wording, Some(TIME_MAX_MS))?;
    if documents.len() > FOREIGN_DOCUMENTS_MAX {
        let (count, limit) = (documents.len(), FOREIGN_DOCUMENTS_MAX);
        return Err(refused(Refusal::ForeignTooMany { field: field.to_owned(), count, limit }));
    }
    let mut ids = Vec::new();
    for document in documents {
        ids.extend(snapshot.external_id(document)?);
    }
    Ok(ids)
}

fn foreign_index<'s>(settings: &'s Settings, field: &Token) -> Result<&'s str, FilterEvaluationError> {
    let name = field.value();
    let key = settings.foreign_keys.iter().find(|key| key.field_name == name);
    match key {
        Some(key) => Ok(&key.foreign_index_uid),
        None => Err(refused(Refusal::NotAForeignKey { field: name.to_owned() })),
    }
}

fn refused(refusal: Refusal) -> FilterEvaluationError {
    let message = refusal.to_string();
    FilterEvaluationError::Refused { refusal: Box::new(refusal), message }
}
