//! How strings are spelled when they are shown: as the first candidate that holds them spells them.

use quarry_facets::FacetKey;
use quarry_index::keys::{document_facet, facet_string};
use quarry_index::{DocumentId, FieldId, Snapshot};
use quarry_storage::StorageError;

use super::counted::Counted;
use super::value_walk::Candidates;

/// A string that waits for its spelling. In the order of documents, then of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Unspelled<'c> {
    /// The first candidate that holds it.
    document: DocumentId,
    value: &'c [u8],
    /// Its place among all strings.
    place: usize,
}

/// The spellings of `strings`, each in its place.
///
/// One document may hold very many strings, and be the first for most of them: it is read once for all of them.
pub(super) fn spellings(
    snapshot: &Snapshot<'_>,
    field: FieldId,
    candidates: Candidates<'_>,
    strings: &[Counted],
) -> Result<Vec<String>, StorageError> {
    let mut unspelled = Vec::with_capacity(strings.len());
    for (place, counted) in strings.iter().enumerate() {
        let document = first_document(snapshot, field, candidates, counted)?;
        unspelled.extend(document.map(|document| Unspelled { document, value: &counted.value, place }));
    }
    unspelled.sort_unstable();
    let mut spelled = vec![None; strings.len()];
    for group in unspelled.chunk_by(|one, other| one.document == other.document) {
        let key = document_facet::key(field, group[0].document);
        if let Some(stored) = snapshot.tables().document_facet_strings.get(snapshot.txn(), &key)? {
            spell(stored, group, &mut spelled);
        }
    }
    let shown = strings.iter().zip(spelled).map(|(counted, spelling): (_, Option<&str>)| match spelling {
        Some(spelling) => spelling.to_owned(),
        None => facet_string::string(&counted.value).unwrap_or_default().into_owned(),
    });
    Ok(shown.collect())
}

fn first_document(
    snapshot: &Snapshot<'_>,
    field: FieldId,
    candidates: Candidates<'_>,
    counted: &Counted,
) -> Result<Option<DocumentId>, StorageError> {
    if counted.first_document.is_some() {
        return Ok(counted.first_document);
    }
    let key = FacetKey { field, level: 0, value: &counted.value }.to_bytes();
    let postings = snapshot.tables().facet_strings.postings().find(snapshot.txn(), &key)?;
    postings.map_or(Ok(None), |postings| candidates.first(&postings))
}

/// Puts the spellings of `group` in their places, out of the `stored` strings of its document.
fn spell<'s>(stored: &'s [u8], group: &[Unspelled<'_>], spelled: &mut [Option<&'s str>]) {
    let mut missing = group.len();
    for (normalised, original) in document_facet::strings(stored) {
        let value = facet_string::value(normalised);
        let Ok(found) = group.binary_search_by(|unspelled| unspelled.value.cmp(&value)) else { continue };
        let spelling = &mut spelled[group[found].place];
        // Several long strings may be cut to one value: the first spells it.
        if spelling.is_none() {
            *spelling = Some(original);
            missing -= 1;
        }
        if missing == 0 {
            break;
        }
    }
}
