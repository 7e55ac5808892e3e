//! `displayedAttributes` and `searchableAttributes`: names in order, or all.

use std::collections::HashSet;

/// The stored form of a list: `None` (all) when it holds `*` anywhere; later duplicates are left out.
pub(super) fn stored(given: &[String]) -> Option<Vec<String>> {
    let mut seen = HashSet::new();
    let is_all = given.iter().any(|name| name == "*");
    (!is_all).then(|| given.iter().filter(|name| seen.insert(name.as_str())).cloned().collect())
}

/// What clients read: `["*"]` for all.
pub(super) fn shown(stored: &Option<Vec<String>>) -> Vec<&str> {
    stored.as_ref().map_or(vec!["*"], |names| names.iter().map(String::as_str).collect())
}

/// Whether two lists of searched attributes make the same fields searchable: only their order may differ.
pub(super) fn are_same_fields(before: &Option<Vec<String>>, after: &Option<Vec<String>>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => {
            let names: HashSet<&String> = after.iter().collect();
            before.len() == after.len() && before.iter().all(|name| names.contains(name))
        }
        (before, after) => before.is_none() && after.is_none(),
    }
}
