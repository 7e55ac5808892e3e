//! `displayedAttributes` and `searchableAttributes`: names in order, or all.

/// The stored form of a list: `None` (all) when it holds `*` anywhere; later duplicates are left out.
pub(super) fn stored(given: &[String]) -> Option<Vec<String>> {
    let mut stored: Vec<String> = Vec::with_capacity(given.len());
    for name in given {
        if name == "*" {
            return None;
        }
        if !stored.contains(name) {
            stored.push(name.clone());
        }
    }
    Some(stored)
}

/// What clients read: `["*"]` for all.
pub(super) fn shown(stored: &Option<Vec<String>>) -> Vec<&str> {
    stored.as_ref().map_or(vec!["*"], |names| names.iter().map(String::as_str).collect())
}

/// Whether two lists of searched attributes make the same fields searchable: only their order may differ.
pub(super) fn are_same_fields(before: &Option<Vec<String>>, after: &Option<Vec<String>>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => {
            before.len() == after.len() && before.iter().all(|name| after.contains(name))
        }
        (before, after) => before.is_none() && after.is_none(),
    }
}
