//! One write of the random load: how it is sent, and what it does to a model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::random::Random;

/// Names of the indexes that are written to.
pub(super) const INDEXES: &[&str] = &["alpha", "beta", "gamma"];

/// Ids of documents are below this number, so that writes meet each other.
const IDS: u64 = 300;

const WORDS: &[&str] = &[
    "harbour", "light", "lights", "orchard", "midnight", "river", "rivers", "stone", "winter", "letter",
    "garden", "northern", "quiet", "thunder", "velvet", "walnut", "yellow", "zephyr",
];

/// The counting function of editions: applied twice, it counts twice.
const COUNT: &str = "if \"count\" in doc { doc.count += 1 } else { doc.count = 1 }";

/// A write.
#[derive(Debug, Clone)]
pub(super) enum Operation {
    /// Documents are added; `replaces` tells replace from update.
    Add {
        index: &'static str,
        documents: Vec<Map<String, Value>>,
        replaces: bool,
    },
    /// A payload with a document without id: the task fails, the index is made.
    AddWrong {
        index: &'static str,
    },
    DeleteIds {
        index: &'static str,
        ids: Vec<u64>,
    },
    DeleteYear {
        index: &'static str,
        year: u64,
    },
    DeleteAll {
        index: &'static str,
    },
    /// One is added to the count of every document.
    Count {
        index: &'static str,
    },
    StopWords {
        index: &'static str,
        words: BTreeSet<String>,
    },
    Searchable {
        index: &'static str,
        fields: Vec<&'static str>,
    },
    DeleteIndex {
        index: &'static str,
    },
    Swap {
        first: &'static str,
        second: &'static str,
    },
    /// Cancels all that waits and runs.
    Cancel,
}

impl Operation {
    /// A random write.
    pub(super) fn random(random: &mut Random) -> Operation {
        let index = *random.one_of(INDEXES);
        match random.below(100) {
            0..40 => Operation::add(random, index, true),
            40..55 => Operation::add(random, index, false),
            55..63 => {
                let ids = (0..1 + random.below(40)).map(|_| random.below(IDS)).collect();
                Operation::DeleteIds { index, ids }
            }
            63..68 => Operation::DeleteYear { index, year: 1990 + random.below(20) },
            68..70 => Operation::DeleteAll { index },
            70..80 => Operation::Count { index },
            80..85 => {
                let words = (0..random.below(4)).map(|_| (*random.one_of(WORDS)).to_owned()).collect();
                Operation::StopWords { index, words }
            }
            85..88 => {
                let fields = random.one_of(&[&["*"][..], &["title"], &["text", "title"]]).to_vec();
                Operation::Searchable { index, fields }
            }
            88..90 => Operation::DeleteIndex { index },
            90..95 => {
                let other = INDEXES.iter().position(|&name| name == index).unwrap_or_default() + 1;
                Operation::Swap { first: index, second: INDEXES[other % INDEXES.len()] }
            }
            95..97 => Operation::AddWrong { index },
            _ => Operation::Cancel,
        }
    }

    fn add(random: &mut Random, index: &'static str, replaces: bool) -> Operation {
        // Mostly a few; now and then as many as keep the indexer busy for a while.
        let count = if random.happens(15) { 200 + random.below(800) } else { 1 + random.below(12) };
        let documents = (0..count).map(|_| document(random, replaces)).collect();
        Operation::Add { index, documents, replaces }
    }

    /// Method, path and body of the request.
    pub(super) fn request(&self) -> (&'static str, String, Option<Value>) {
        let documents = |index: &str| format!("/indexes/{index}/documents");
        match self {
            Operation::Add { index, documents: sent, replaces } => {
                let method = if *replaces { "POST" } else { "PUT" };
                (method, documents(index) + "?primaryKey=id", Some(json!(sent)))
            }
            Operation::AddWrong { index } => {
                ("POST", documents(index) + "?primaryKey=id", Some(json!([{ "title": "no id" }])))
            }
            Operation::DeleteIds { index, ids } => {
                ("POST", documents(index) + "/delete-batch", Some(json!(ids)))
            }
            Operation::DeleteYear { index, year } => {
                ("POST", documents(index) + "/delete", Some(json!({ "filter": format!("year = {year}") })))
            }
            Operation::DeleteAll { index } => ("DELETE", documents(index), None),
            Operation::Count { index } => {
                ("POST", documents(index) + "/edit", Some(json!({ "function": COUNT })))
            }
            Operation::StopWords { index, words } => {
                let body = json!({ "stopWords": words, "filterableAttributes": ["year"] });
                ("PATCH", format!("/indexes/{index}/settings"), Some(body))
            }
            Operation::Searchable { index, fields } => {
                let body = json!({ "searchableAttributes": fields, "filterableAttributes": ["year"] });
                ("PATCH", format!("/indexes/{index}/settings"), Some(body))
            }
            Operation::DeleteIndex { index } => ("DELETE", format!("/indexes/{index}"), None),
            Operation::Swap { first, second } => {
                ("POST", "/swap-indexes".to_owned(), Some(json!([{ "indexes": [first, second] }])))
            }
            Operation::Cancel => ("POST", "/tasks/cancel?statuses=enqueued,processing".to_owned(), None),
        }
    }

    /// The `type` of its task.
    pub(super) fn task_type(&self) -> &'static str {
        match self {
            Operation::Add { .. } | Operation::AddWrong { .. } => "documentAdditionOrUpdate",
            Operation::DeleteIds { .. } | Operation::DeleteYear { .. } | Operation::DeleteAll { .. } => {
                "documentDeletion"
            }
            Operation::Count { .. } => "documentEdition",
            Operation::StopWords { .. } | Operation::Searchable { .. } => "settingsUpdate",
            Operation::DeleteIndex { .. } => "indexDeletion",
            Operation::Swap { .. } => "indexSwap",
            Operation::Cancel => "taskCancelation",
        }
    }
}

fn document(random: &mut Random, is_whole: bool) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("id".to_owned(), random.below(IDS).into());
    if is_whole || random.happens(50) {
        document.insert("title".to_owned(), text(random, 3).into());
        document.insert("year".to_owned(), (1990 + random.below(20)).into());
    }
    if is_whole || random.happens(30) {
        document.insert("text".to_owned(), text(random, 30).into());
        document.insert("count".to_owned(), 0.into());
    }
    document
}

fn text(random: &mut Random, words_max: u64) -> String {
    let words: Vec<&str> = (0..=random.below(words_max)).map(|_| *random.one_of(WORDS)).collect();
    words.join(" ")
}

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
            Operation::Count { index } => {
                for document in certain(model, index)?.documents.values_mut() {
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
            Operation::Cancel => Some(true),
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
        assert_eq!(Operation::Count { index: "alpha" }.apply(&mut model, true), None);
        add(vec![json!({ "id": 1, "year": 1999 }), json!({ "id": 2 })], true).apply(&mut model, true);
        add(vec![json!({ "id": 1, "title": "a" })], false).apply(&mut model, true);
        Operation::Count { index: "alpha" }.apply(&mut model, true);
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
        Operation::AddWrong { index: "gamma" }.cancel(&mut model);
        assert_eq!(Operation::Swap { first: "beta", second: "gamma" }.apply(&mut model, false), None);
        assert!(model["gamma"].is_uncertain && !model["beta"].documents.is_empty());
    }
}
