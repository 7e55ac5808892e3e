//! What a task is to do: one variant per thing that a client can ask for.
//!
//! This is the stored form, written once when the task is registered. It holds what was asked, never
//! what came out of it: that is [`crate::outcome::Outcome`].

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::kind::Kind;

/// How an addition treats a document that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// The document sent takes its place.
    #[serde(rename = "ReplaceDocuments")]
    Replace,
    /// Each top-level field sent takes the place of the one before; other fields stay.
    #[serde(rename = "UpdateDocuments")]
    Update,
}

/// Two indexes that change names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swap {
    /// The two uids.
    pub indexes: (String, String),
    /// Whether the second must not exist: the first takes its name.
    #[serde(default)]
    pub rename: bool,
}

/// What of an index is exported.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ExportIndex {
    /// Which documents; all when absent.
    pub filter: Option<Value>,
    /// Whether the settings there are replaced when the index exists.
    pub override_settings: bool,
}

/// What a task is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "snake_case")]
pub enum TaskContent {
    /// Adds or updates documents.
    #[serde(rename = "documentImport")]
    DocumentAddition {
        /// Index uid.
        index: String,
        /// Replace or update.
        method: Method,
        /// The primary key that the request named.
        primary_key: Option<String>,
        /// The payload file, newline-delimited JSON.
        payload: Uuid,
        /// Records in the payload.
        documents_count: u64,
        /// Whether documents with unknown ids are left out.
        skip_creation: bool,
        /// Whether the index may be made.
        allow_index_creation: bool,
    },
    /// Deletes documents by their ids.
    DocumentDeletion {
        /// Index uid.
        index: String,
        /// External ids, as sent.
        ids: Vec<String>,
    },
    /// Deletes the documents that match a filter.
    DocumentDeletionByFilter {
        /// Index uid.
        index: String,
        /// Filter as sent: a string or arrays.
        filter: Value,
    },
    /// Deletes all documents.
    DocumentClear {
        /// Index uid.
        index: String,
    },
    /// Runs a function over documents.
    DocumentEdition {
        /// Index uid.
        index: String,
        /// Which documents; all when absent.
        filter: Option<Value>,
        /// What the function sees as `context`.
        context: Option<Map<String, Value>>,
        /// Source text.
        function: String,
    },
    /// Changes settings.
    Settings {
        /// Index uid.
        index: String,
        /// The settings as in the API: keys that are set, or reset by `null`. Validated before.
        settings: Map<String, Value>,
        /// Whether this is a reset, which never makes an index.
        is_deletion: bool,
        /// Whether the index may be made.
        allow_index_creation: bool,
    },
    /// Makes an index.
    IndexCreation {
        /// Index uid.
        index: String,
        /// Its primary key.
        primary_key: Option<String>,
    },
    /// Changes primary key or uid of an index.
    IndexUpdate {
        /// Index uid.
        index: String,
        /// The primary key to set.
        primary_key: Option<String>,
        /// The uid to take.
        new_uid: Option<String>,
    },
    /// Deletes an index.
    IndexDeletion {
        /// Index uid.
        index: String,
    },
    /// Rewrites an index without its holes.
    IndexCompaction {
        /// Index uid.
        index: String,
    },
    /// Exchanges indexes.
    IndexSwap {
        /// Pairs; no uid occurs twice.
        swaps: Vec<Swap>,
    },
    /// Takes back waiting and running tasks.
    TaskCancelation {
        /// The query string as sent, with its `?`.
        query: String,
        /// The tasks that matched when the request came.
        #[serde(with = "stored_set")]
        tasks: RoaringBitmap,
    },
    /// Removes finished tasks from the list.
    #[serde(rename = "tasksDeletion")]
    TaskDeletion {
        /// The query string as sent, with its `?`.
        query: String,
        /// The tasks that matched when the request came.
        #[serde(with = "stored_set")]
        tasks: RoaringBitmap,
    },
    /// Writes a dump.
    DumpCreation,
    /// Writes a snapshot.
    SnapshotCreation,
    /// Sends documents to another server.
    Export {
        /// Where to.
        url: String,
        /// Key for the other server.
        api_key: Option<String>,
        /// Most bytes of one request, as text.
        payload_size: Option<String>,
        /// What of which indexes, by pattern.
        indexes: BTreeMap<String, ExportIndex>,
    },
    /// Brings the database to the version of the program.
    UpgradeDatabase {
        /// Version of the database before.
        from: [u32; 3],
    },
    /// Creates, changes or deletes a dynamic search rule.
    DsrUpdate {
        /// Uid of the rule.
        rule_uid: String,
        /// The change; a deletion when absent.
        update: Option<Value>,
    },
    /// Deletes all dynamic search rules.
    DsrClear,
}

/// The reserved index that holds the dynamic search rules.
pub(crate) const RULES_INDEX: &str = ".meili_dsr";

impl TaskContent {
    /// The type of the task.
    pub fn kind(&self) -> Kind {
        match self {
            TaskContent::DocumentAddition { .. } => Kind::DocumentAdditionOrUpdate,
            TaskContent::DocumentDeletion { .. }
            | TaskContent::DocumentDeletionByFilter { .. }
            | TaskContent::DocumentClear { .. } => Kind::DocumentDeletion,
            TaskContent::DocumentEdition { .. } => Kind::DocumentEdition,
            TaskContent::Settings { .. } => Kind::SettingsUpdate,
            TaskContent::IndexCreation { .. } => Kind::IndexCreation,
            TaskContent::IndexUpdate { .. } => Kind::IndexUpdate,
            TaskContent::IndexDeletion { .. } => Kind::IndexDeletion,
            TaskContent::IndexCompaction { .. } => Kind::IndexCompaction,
            TaskContent::IndexSwap { .. } => Kind::IndexSwap,
            TaskContent::TaskCancelation { .. } => Kind::TaskCancelation,
            TaskContent::TaskDeletion { .. } => Kind::TaskDeletion,
            TaskContent::DumpCreation => Kind::DumpCreation,
            TaskContent::SnapshotCreation => Kind::SnapshotCreation,
            TaskContent::Export { .. } => Kind::Export,
            TaskContent::UpgradeDatabase { .. } => Kind::UpgradeDatabase,
            TaskContent::DsrUpdate { .. } => Kind::DsrUpdate,
            TaskContent::DsrClear => Kind::DsrClear,
        }
    }

    /// The index that the task is about, as shown; none for tasks about the whole instance.
    pub fn index_uid(&self) -> Option<&str> {
        match self {
            TaskContent::DocumentAddition { index, .. }
            | TaskContent::DocumentDeletion { index, .. }
            | TaskContent::DocumentDeletionByFilter { index, .. }
            | TaskContent::DocumentClear { index }
            | TaskContent::DocumentEdition { index, .. }
            | TaskContent::Settings { index, .. }
            | TaskContent::IndexCreation { index, .. }
            | TaskContent::IndexUpdate { index, .. }
            | TaskContent::IndexDeletion { index }
            | TaskContent::IndexCompaction { index } => Some(index),
            TaskContent::DsrUpdate { .. } | TaskContent::DsrClear => Some(RULES_INDEX),
            TaskContent::IndexSwap { .. }
            | TaskContent::TaskCancelation { .. }
            | TaskContent::TaskDeletion { .. }
            | TaskContent::DumpCreation
            | TaskContent::SnapshotCreation
            | TaskContent::Export { .. }
            | TaskContent::UpgradeDatabase { .. } => None,
        }
    }

    /// Every index that the task touches: what filters by index look at.
    pub fn index_uids(&self) -> Vec<&str> {
        let mut uids: Vec<&str> = match self {
            TaskContent::IndexSwap { swaps } => {
                swaps.iter().flat_map(|swap| [swap.indexes.0.as_str(), swap.indexes.1.as_str()]).collect()
            }
            TaskContent::IndexUpdate { index, new_uid, .. } => {
                std::iter::once(index.as_str()).chain(new_uid.as_deref()).collect()
            }
            other => other.index_uid().into_iter().collect(),
        };
        uids.sort_unstable();
        uids.dedup();
        uids
    }

    /// The payload file, for an addition.
    pub fn payload(&self) -> Option<Uuid> {
        match self {
            TaskContent::DocumentAddition { payload, .. } => Some(*payload),
            _ => None,
        }
    }

    /// Whether running the task makes its index when that is missing.
    pub(crate) fn may_create_index(&self) -> bool {
        match self {
            TaskContent::DocumentAddition { allow_index_creation, .. } => *allow_index_creation,
            TaskContent::Settings { is_deletion, allow_index_creation, .. } => {
                *allow_index_creation && !is_deletion
            }
            _ => false,
        }
    }

    /// Rewrites every index uid of the task through `rename`, after indexes changed names.
    pub(crate) fn rename_indexes(&mut self, rename: &dyn Fn(&str) -> Option<String>) {
        let apply = |uid: &mut String| {
            if let Some(name) = rename(uid) {
                *uid = name;
            }
        };
        match self {
            TaskContent::DocumentAddition { index, .. }
            | TaskContent::DocumentDeletion { index, .. }
            | TaskContent::DocumentDeletionByFilter { index, .. }
            | TaskContent::DocumentClear { index }
            | TaskContent::DocumentEdition { index, .. }
            | TaskContent::Settings { index, .. }
            | TaskContent::IndexCreation { index, .. }
            | TaskContent::IndexDeletion { index }
            | TaskContent::IndexCompaction { index } => apply(index),
            TaskContent::IndexUpdate { index, new_uid, .. } => {
                apply(index);
                new_uid.iter_mut().for_each(apply);
            }
            TaskContent::IndexSwap { swaps } => {
                for swap in swaps {
                    apply(&mut swap.indexes.0);
                    apply(&mut swap.indexes.1);
                }
            }
            TaskContent::TaskCancelation { .. }
            | TaskContent::TaskDeletion { .. }
            | TaskContent::DumpCreation
            | TaskContent::SnapshotCreation
            | TaskContent::Export { .. }
            | TaskContent::UpgradeDatabase { .. }
            | TaskContent::DsrUpdate { .. }
            | TaskContent::DsrClear => {}
        }
    }
}

/// A set of task uids as stored: the portable bytes of a Roaring bitmap, as an array of numbers.
mod stored_set {
    use roaring::RoaringBitmap;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(set: &RoaringBitmap, serializer: S) -> Result<S::Ok, S::Error> {
        // Runs are the usual shape of a set of tasks, and they are tiny.
        let mut compact = set.clone();
        compact.optimize();
        let mut bytes = Vec::with_capacity(compact.serialized_size());
        compact.serialize_into(&mut bytes).map_err(S::Error::custom)?;
        bytes.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RoaringBitmap, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        RoaringBitmap::deserialize_from(bytes.as_slice()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn check_stored(content: TaskContent, expected: &str) {
        let text = serde_json::to_string(&content).unwrap();
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<TaskContent>(&text).unwrap(), content);
    }

    #[test]
    fn contents_are_stored_by_name() {
        check_stored(TaskContent::DumpCreation, r#""dumpCreation""#);
        check_stored(
            TaskContent::DocumentDeletion { index: "a".into(), ids: vec!["1".into()] },
            r#"{"documentDeletion":{"index":"a","ids":["1"]}}"#,
        );
        check_stored(
            TaskContent::IndexSwap { swaps: vec![Swap { indexes: ("a".into(), "b".into()), rename: false }] },
            r#"{"indexSwap":{"swaps":[{"indexes":["a","b"],"rename":false}]}}"#,
        );
        check_stored(
            TaskContent::DocumentAddition {
                index: "a".into(),
                method: Method::Replace,
                primary_key: None,
                payload: Uuid::nil(),
                documents_count: 2,
                skip_creation: false,
                allow_index_creation: true,
            },
            "{\"documentImport\":{\"index\":\"a\",\"method\":\"ReplaceDocuments\",\"primary_key\":null,\
             \"payload\":\"00000000-0000-0000-0000-000000000000\",\"documents_count\":2,\
             \"skip_creation\":false,\"allow_index_creation\":true}}",
        );
    }

    #[test]
    fn a_set_of_tasks_survives_storage() {
        let tasks: RoaringBitmap = (0..70_000).collect();
        let content = TaskContent::TaskDeletion { query: "?uids=*".into(), tasks };
        let text = serde_json::to_string(&content).unwrap();
        assert!(text.len() < 200, "runs are stored as runs: {} bytes", text.len());
        assert_eq!(serde_json::from_str::<TaskContent>(&text).unwrap(), content);
    }

    #[test]
    fn indexes_of_a_task() {
        let update = |new_uid: Option<&str>| TaskContent::IndexUpdate {
            index: "old".into(),
            primary_key: None,
            new_uid: new_uid.map(str::to_owned),
        };
        assert_eq!(update(None).index_uids(), ["old"]);
        assert_eq!(update(Some("new")).index_uids(), ["new", "old"]);
        assert_eq!(update(Some("old")).index_uids(), ["old"]);
        assert!(TaskContent::DumpCreation.index_uids().is_empty());
    }
}
