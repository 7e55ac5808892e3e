//! One write of the random load: what it is and how it is sent.

use std::collections::BTreeSet;

use quarry_crash::CrashPoint;
use serde_json::{Map, Value, json};

use crate::random::Random;

/// Names of the indexes that are written to.
pub(super) const INDEXES: &[&str] = &["alpha", "beta", "gamma"];

/// The name that only renaming gives.
pub(super) const RENAMED: &str = "delta";

/// Ids of documents are below this number, so that writes meet each other.
const IDS: u64 = 300;

const WORDS: &[&str] = &[
    "harbour", "light", "lights", "orchard", "midnight", "river", "rivers", "stone", "winter", "letter",
    "garden", "northern", "quiet", "thunder", "velvet", "walnut", "yellow", "zephyr",
];

/// Parts of the many words that come and go, so that dictionaries change all the time.
const SYLLABLES: &[&str] =
    &["ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "wu", "xa", "ze"];

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
    /// One is added to the count of every document, or of those of a year.
    Count {
        index: &'static str,
        year: Option<u64>,
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
    /// One of the two routes that rename.
    Rename {
        from: &'static str,
        to: &'static str,
        by_swap: bool,
    },
    /// Writes an index anew.
    Compact {
        index: &'static str,
    },
    /// Cancels all that waits and runs.
    Cancel,
    /// Removes tasks that have ended long before.
    DeleteTasks {
        uids: Vec<u64>,
    },
    /// Writes the queue anew; there is no task, and the server must be started again.
    CompactQueue,
}

impl Operation {
    /// A random write.
    ///
    /// - `tasks_checked`: how many of the first tasks may be deleted
    pub(super) fn random(random: &mut Random, tasks_checked: u64) -> Operation {
        let index = *random.one_of(INDEXES);
        match random.below(100) {
            0..34 => Operation::add(random, index, true),
            34..48 => Operation::add(random, index, false),
            48..55 => {
                let ids = (0..1 + random.below(40)).map(|_| random.below(IDS)).collect();
                Operation::DeleteIds { index, ids }
            }
            55..60 => Operation::DeleteYear { index, year: year(random) },
            60..62 => Operation::DeleteAll { index },
            62..68 => Operation::Count { index, year: None },
            68..72 => Operation::Count { index, year: Some(year(random)) },
            72..76 => Operation::stop_words(random, index),
            76..79 => Operation::searchable(random, index),
            79..81 => Operation::DeleteIndex { index: Operation::any_name(random) },
            81..85 => Operation::swap(random),
            85..89 => Operation::rename(random),
            89..91 => Operation::Compact { index },
            91..93 => Operation::AddWrong { index },
            93..96 => Operation::delete_tasks(random, tasks_checked),
            96..99 => Operation::Cancel,
            _ => Operation::CompactQueue,
        }
    }

    /// A random write of those that lead to `point`.
    pub(super) fn toward(random: &mut Random, point: CrashPoint, tasks_checked: u64) -> Operation {
        let index = *random.one_of(INDEXES);
        match point {
            CrashPoint::TablesEmptied => match random.below(3) {
                0 => Operation::add(random, index, true),
                1 => Operation::stop_words(random, index),
                _ => Operation::searchable(random, index),
            },
            CrashPoint::IndexSwapping => Operation::swap(random),
            CrashPoint::IndexRenaming if random.happens(40) => Operation::DeleteIndex { index: RENAMED },
            CrashPoint::IndexRenaming => Operation::rename(random),
            CrashPoint::IndexCreated | CrashPoint::IndexDeleting | CrashPoint::IndexDiscarding
                if random.happens(50) =>
            {
                Operation::DeleteIndex { index }
            }
            CrashPoint::IndexCompacted => Operation::Compact { index },
            CrashPoint::TasksCanceling => Operation::Cancel,
            CrashPoint::TasksDeleting => Operation::delete_tasks(random, tasks_checked),
            CrashPoint::QueueCompacting | CrashPoint::QueueCompacted if random.happens(20) => {
                Operation::CompactQueue
            }
            _ => Operation::add(random, index, true),
        }
    }

    fn any_name(random: &mut Random) -> &'static str {
        let index = *random.one_of(INDEXES);
        if random.happens(40) { RENAMED } else { index }
    }

    fn stop_words(random: &mut Random, index: &'static str) -> Operation {
        let words = (0..random.below(4)).map(|_| (*random.one_of(WORDS)).to_owned()).collect();
        Operation::StopWords { index, words }
    }

    fn searchable(random: &mut Random, index: &'static str) -> Operation {
        let fields = random.one_of(&[&["*"][..], &["title"], &["text", "title"]]).to_vec();
        Operation::Searchable { index, fields }
    }

    fn swap(random: &mut Random) -> Operation {
        let first = random.below(INDEXES.len() as u64) as usize;
        Operation::Swap { first: INDEXES[first], second: INDEXES[(first + 1) % INDEXES.len()] }
    }

    fn rename(random: &mut Random) -> Operation {
        let (index, by_swap) = (*random.one_of(INDEXES), random.happens(50));
        let (from, to) = if random.happens(70) { (index, RENAMED) } else { (RENAMED, index) };
        Operation::Rename { from, to, by_swap }
    }

    fn delete_tasks(random: &mut Random, tasks_checked: u64) -> Operation {
        let uids = (0..1 + random.below(30)).map(|_| random.below(tasks_checked.max(1))).collect();
        Operation::DeleteTasks { uids: if tasks_checked == 0 { vec![u64::from(u32::MAX)] } else { uids } }
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
            Operation::Count { index, year } => {
                let filter = year.map(|year| format!("year = {year}"));
                ("POST", documents(index) + "/edit", Some(json!({ "function": COUNT, "filter": filter })))
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
            Operation::Rename { from, to, by_swap: true } => {
                let renaming = json!([{ "indexes": [from, to], "rename": true }]);
                ("POST", "/swap-indexes".to_owned(), Some(renaming))
            }
            Operation::Rename { from, to, by_swap: false } => {
                ("PATCH", format!("/indexes/{from}"), Some(json!({ "uid": to })))
            }
            Operation::Compact { index } => ("POST", format!("/indexes/{index}/compact"), None),
            Operation::Cancel => ("POST", "/tasks/cancel?statuses=enqueued,processing".to_owned(), None),
            Operation::DeleteTasks { uids } => {
                let uids: Vec<String> = uids.iter().map(u64::to_string).collect();
                ("DELETE", format!("/tasks?uids={}", uids.join(",")), None)
            }
            Operation::CompactQueue => ("POST", "/tasks/compact".to_owned(), None),
        }
    }

    /// The `type` of its task, if it has one.
    pub(super) fn task_type(&self) -> Option<&'static str> {
        Some(match self {
            Operation::Add { .. } | Operation::AddWrong { .. } => "documentAdditionOrUpdate",
            Operation::DeleteIds { .. } | Operation::DeleteYear { .. } | Operation::DeleteAll { .. } => {
                "documentDeletion"
            }
            Operation::Count { .. } => "documentEdition",
            Operation::StopWords { .. } | Operation::Searchable { .. } => "settingsUpdate",
            Operation::DeleteIndex { .. } => "indexDeletion",
            Operation::Swap { .. } | Operation::Rename { by_swap: true, .. } => "indexSwap",
            Operation::Rename { by_swap: false, .. } => "indexUpdate",
            Operation::Compact { .. } => "indexCompaction",
            Operation::Cancel => "taskCancelation",
            Operation::DeleteTasks { .. } => "taskDeletion",
            Operation::CompactQueue => return None,
        })
    }
}

fn document(random: &mut Random, is_whole: bool) -> Map<String, Value> {
    let mut document = Map::new();
    document.insert("id".to_owned(), random.below(IDS).into());
    if is_whole || random.happens(50) {
        document.insert("title".to_owned(), text(random, 3).into());
        document.insert("year".to_owned(), year(random).into());
    }
    if is_whole || random.happens(30) {
        document.insert("text".to_owned(), text(random, 30).into());
        document.insert("count".to_owned(), 0.into());
    }
    document
}

fn text(random: &mut Random, words_max: u64) -> String {
    let words: Vec<String> = (0..=random.below(words_max)).map(|_| word(random)).collect();
    words.join(" ")
}

/// One of a few words, or of thousands.
fn word(random: &mut Random) -> String {
    if random.happens(70) {
        return (*random.one_of(WORDS)).to_owned();
    }
    (0..3).map(|_| *random.one_of(SYLLABLES)).collect()
}

fn year(random: &mut Random) -> u64 {
    1990 + random.below(20)
}
