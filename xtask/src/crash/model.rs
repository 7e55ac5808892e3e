//! What the database must hold after the writes: a map that does the same, slowly and plainly.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::operation::Operation;

/// What the database must hold.
pub(super) type Model = BTreeMap<&'static str, IndexModel>;

/// What an index must hold.
#[derive(Debug, Default, Clone)]
pub(super) struct IndexModel {
    /// By id.
    pub(super) documents: BTreeMap<u64, Map<String, Value>>,
    /// Sorted.
    pub(super) stop_words: BTreeSet<String>,
    /// As set last.
    pub(super) searchable: Vec<&'static str>,
    /// Whether documents can be filtered by year.
    is_filterable: bool,
    /// A task that was canceled may have made it before, or not; it is empty if it is there.
    pub(super) is_uncertain: bool,
}

impl Operation {
    /// Does to the model what the operation does when its task is canceled: an index that it made stays.
    pub(super) fn cancel(&self, model: &mut Model) {
        let (Operation::Add { index, .. }
        | Operation::AddWrong { index }
        | Operation::StopWords { index, .. }
        | Operation::Searchable { index, .. }) = self
        else {
            return;
        };
        if !model.contains_key(index) {
            made(model, index).is_uncertain = true;
        }
    }

    /// Does the operation to the model, as if no other ran beside it; whether its task succeeds. `None`: how
    /// tasks share batches decides whether it fails, and it changes nothing that shows.
    ///
    /// - `succeeded`: whether the task did, which may tell whether an uncertain index is there
    pub(super) fn apply(&self, model: &mut Model, succeeded: bool) -> Option<bool> {
        match self {
            Operation::Add { index, documents, replaces } => {
                let stored = &mut made(model, index).documents;
                for document in documents {
                    let kept = stored.entry(id(document)).or_default();
                    if *replaces {
                        kept.clear();
                    }
                    kept.extend(document.clone());
                }
                Some(true)
            }
            Operation::AddWrong { index } => {
                made(model, index);
                // Beside a deletion of the index, the batch succeeds as a whole.
                None
            }
            Operation::DeleteIds { index, ids } => {
                let index = certain(model, index)?;
                index.documents.retain(|id, _| !ids.contains(id));
                Some(true)
            }
            Operation::DeleteYear { index, year } => {
                let index = certain(model, index).filter(|index| index.is_filterable)?;
                index.documents.retain(|_, document| document.get("year") != Some(&json!(year)));
                Some(true)
            }
            Operation::DeleteAll { index } => {
                certain(model, index)?.documents.clear();
                Some(true)
            }
            Operation::Count { index, year } => {
                let index = certain(model, index).filter(|index| year.is_none() || index.is_filterable)?;
                let is_meant = |document: &Map<String, Value>| {
                    year.is_none_or(|year| document.get("year") == Some(&json!(year)))
                };
                for document in index.documents.values_mut().filter(|document| is_meant(document)) {
                    let count = document.get("count").and_then(Value::as_u64).unwrap_or(0);
                    document.insert("count".to_owned(), (count + 1).into());
                }
                Some(true)
            }
            Operation::StopWords { index, words } => {
                let index = made(model, index);
                (index.stop_words, index.is_filterable) = (words.clone(), true);
                Some(true)
            }
            Operation::Searchable { index, fields } => {
                let index = made(model, index);
                (index.searchable, index.is_filterable) = (fields.clone(), true);
                Some(true)
            }
            Operation::DeleteIndex { index } => {
                model.remove(index).filter(|removed| !removed.is_uncertain).map(|_| true)
            }
            Operation::Swap { first, second } => {
                let (Some(mut one), Some(mut other)) =
                    (model.get(first).cloned(), model.get(second).cloned())
                else {
                    return Some(false);
                };
                let is_known = !one.is_uncertain && !other.is_uncertain;
                if succeeded {
                    (one.is_uncertain, other.is_uncertain) = (false, false);
                    model.insert(first, other);
                    model.insert(second, one);
                }
                is_known.then_some(true)
            }
            Operation::Rename { from, to, .. } => {
                let is_known = [from, to]
                    .into_iter()
                    .all(|index| model.get(index).is_none_or(|index| !index.is_uncertain));
                let is_possible = model.contains_key(from) && !model.contains_key(to);
                if succeeded && let Some(mut renamed) = model.remove(from) {
                    renamed.is_uncertain = false;
                    model.insert(to, renamed);
                }
                is_known.then_some(is_possible)
            }
            // It runs before all that waits, which may be what makes the index or deletes it.
            Operation::Compact { .. } => None,
            Operation::Cancel | Operation::DeleteTasks { .. } | Operation::CompactQueue => Some(true),
        }
    }
}

fn made<'m>(model: &'m mut Model, index: &'static str) -> &'m mut IndexModel {
    let empty = || IndexModel { searchable: vec!["*"], ..IndexModel::default() };
    let made = model.entry(index).or_insert_with(empty);
    made.is_uncertain = false;
    made
}

fn certain<'m>(model: &'m mut Model, index: &str) -> Option<&'m mut IndexModel> {
    model.get_mut(index).filter(|index| !index.is_uncertain)
}

fn id(document: &Map<String, Value>) -> u64 {
    document["id"].as_u64().expect("every document was made with a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_follows_the_operations() {
        let document = |value: Value| value.as_object().cloned().expect("an object");
        let mut model = Model::new();
        let add = |documents: Vec<Value>, replaces| Operation::Add {
            index: "alpha",
            documents: documents.into_iter().map(document).collect(),
            replaces,
        };
        assert_eq!(Operation::Count { index: "alpha", year: None }.apply(&mut model, true), None);
        add(vec![json!({ "id": 1, "year": 1999 }), json!({ "id": 2 })], true).apply(&mut model, true);
        add(vec![json!({ "id": 1, "title": "a" })], false).apply(&mut model, true);
        Operation::Count { index: "alpha", year: None }.apply(&mut model, true);
        assert_eq!(
            json!(model["alpha"].documents[&1]),
            json!({ "id": 1, "year": 1999, "title": "a", "count": 1 })
        );
        assert_eq!(Operation::DeleteYear { index: "alpha", year: 1999 }.apply(&mut model, true), None);
        Operation::StopWords { index: "alpha", words: BTreeSet::new() }.apply(&mut model, true);
        Operation::DeleteYear { index: "alpha", year: 1999 }.apply(&mut model, true);
        assert_eq!(model["alpha"].documents.keys().collect::<Vec<_>>(), [&2]);
        assert_eq!(Operation::Swap { first: "alpha", second: "beta" }.apply(&mut model, true), Some(false));
        Operation::AddWrong { index: "beta" }.apply(&mut model, true);
        Operation::Swap { first: "alpha", second: "beta" }.apply(&mut model, true);
        assert_eq!((model["alpha"].documents.len(), model["beta"].documents.len()), (0, 1));
        let rename = Operation::Rename { from: "alpha", to: "delta", by_swap: true };
        assert_eq!(rename.apply(&mut model, true), Some(true));
        assert_eq!(rename.apply(&mut model, false), Some(false));
        assert!(model.contains_key("delta") && !model.contains_key("alpha"));
        Operation::AddWrong { index: "gamma" }.cancel(&mut model);
        assert_eq!(Operation::Swap { first: "beta", second: "gamma" }.apply(&mut model, false), None);
        assert!(model["gamma"].is_uncertain && !model["beta"].documents.is_empty());
    }
}
