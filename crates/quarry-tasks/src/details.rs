//! The `details` of a task: what was asked and what came out, as clients read them.

use serde_json::{Map, Value, json};

use crate::content::TaskContent;
use crate::outcome::Outcome;
use crate::redact::{redact_settings, redacted};
use crate::size::human_size;
use crate::version::{DATABASE_VERSION, version_text};

/// The details of a task, keys in the order of the API. `None`: the type has none.
///
/// Without an outcome the task has not run yet (or ran in a batch that a deletion of all documents made
/// pointless), and its counters are `null`.
pub(crate) fn details(content: &TaskContent, outcome: Option<&Outcome>) -> Option<Map<String, Value>> {
    let count = count(outcome);
    let view = match content {
        TaskContent::DocumentAddition { documents_count, .. } => {
            json!({ "receivedDocuments": documents_count, "indexedDocuments": count })
        }
        TaskContent::DocumentDeletion { ids, .. } => {
            json!({ "providedIds": ids.len(), "deletedDocuments": count, "originalFilter": null })
        }
        TaskContent::DocumentDeletionByFilter { filter, .. } => {
            json!({ "providedIds": 0, "deletedDocuments": count, "originalFilter": filter.to_string() })
        }
        TaskContent::DocumentClear { .. } | TaskContent::IndexDeletion { .. } | TaskContent::DsrClear => {
            json!({ "deletedDocuments": count })
        }
        TaskContent::DocumentEdition { filter, context, function, .. } => {
            let (deleted, edited) = edited(outcome);
            json!({ "deletedDocuments": deleted, "editedDocuments": edited,
                    "originalFilter": filter.as_ref().map(Value::to_string), "context": context,
                    "function": function })
        }
        TaskContent::Settings { settings, .. } => {
            let mut settings = settings.clone();
            redact_settings(&mut settings);
            return Some(settings);
        }
        TaskContent::IndexCreation { primary_key, .. } => json!({ "primaryKey": primary_key }),
        TaskContent::IndexUpdate { index, primary_key, new_uid } => match new_uid {
            Some(new_uid) => {
                json!({ "primaryKey": primary_key, "newIndexUid": new_uid, "oldIndexUid": index })
            }
            None => json!({ "primaryKey": primary_key }),
        },
        TaskContent::IndexSwap { swaps } => json!({ "swaps": swaps }),
        TaskContent::TaskCancelation { query, tasks } => {
            json!({ "matchedTasks": tasks.len(), "canceledTasks": count, "originalFilter": query })
        }
        TaskContent::TaskDeletion { query, tasks } => {
            json!({ "matchedTasks": tasks.len(), "deletedTasks": count, "originalFilter": query })
        }
        TaskContent::DumpCreation => match outcome {
            Some(Outcome::Dump { uid }) => json!({ "dumpUid": uid }),
            _ => json!({ "dumpUid": null }),
        },
        TaskContent::SnapshotCreation => return None,
        TaskContent::Export { .. } => export(content, outcome),
        TaskContent::UpgradeDatabase { from } => {
            json!({ "upgradeFrom": format!("v{}", version_text(*from)),
                    "upgradeTo": format!("v{DATABASE_VERSION}") })
        }
        TaskContent::IndexCompaction { .. } => match outcome {
            Some(Outcome::Compacted { bytes_before, bytes_after }) => {
                json!({ "preCompactionSize": human_size(*bytes_before),
                        "postCompactionSize": human_size(*bytes_after) })
            }
            _ => json!({}),
        },
        TaskContent::DsrUpdate { update: Some(rule), .. } => json!({ "rule": rule, "updatedRules": 1 }),
        TaskContent::DsrUpdate { update: None, .. } => json!({ "updatedRules": 1 }),
    };
    match view {
        Value::Object(map) => Some(map),
        _ => None,
    }
}

fn count(outcome: Option<&Outcome>) -> Option<u64> {
    match outcome? {
        Outcome::Count(count) => Some(*count),
        _ => Some(0),
    }
}

/// Deleted and edited documents of an edition. A failed one says 0 edited, and nothing of deleted.
fn edited(outcome: Option<&Outcome>) -> (Option<u64>, Option<u64>) {
    match outcome {
        None => (None, None),
        Some(Outcome::Edited { deleted, edited }) => (Some(*deleted), Some(*edited)),
        Some(_) => (None, Some(0)),
    }
}

fn export(content: &TaskContent, outcome: Option<&Outcome>) -> Value {
    let TaskContent::Export { url, api_key, payload_size, indexes } = content else {
        return Value::Null;
    };
    let mut view = Map::new();
    view.insert("url".into(), json!(url));
    if let Some(api_key) = api_key {
        view.insert("apiKey".into(), json!(redacted(api_key)));
    }
    if let Some(payload_size) = payload_size {
        view.insert("payloadSize".into(), json!(payload_size));
    }
    let exported = match outcome {
        Some(Outcome::Exported { documents }) => Some(documents),
        _ => None,
    };
    let indexes: Map<String, Value> = indexes
        .iter()
        .map(|(pattern, index)| {
            let documents = exported.and_then(|documents| documents.get(pattern));
            let view = json!({ "filter": index.filter, "overrideSettings": index.override_settings,
                               "matchedDocuments": documents.copied().or(outcome.map(|_| 0)) });
            (pattern.clone(), view)
        })
        .collect();
    view.insert("indexes".into(), Value::Object(indexes));
    Value::Object(view)
}

/// Adds the details of one more task to those of its batch.
///
/// Numbers add up and nulls are left out; filters join with `&`; settings merge, the later one winning;
/// swaps are concatenated; a rule shows only while it is the only one; other values keep the first.
pub(crate) fn accumulate(batch: &mut Map<String, Value>, content: &TaskContent, outcome: Option<&Outcome>) {
    let Some(task) = details(content, outcome) else { return };
    if matches!(content, TaskContent::Settings { .. }) {
        batch.extend(task);
        return;
    }
    let second_rule = batch.contains_key("updatedRules");
    for (key, value) in task {
        if value.is_null() {
            continue;
        }
        if key == "rule" && second_rule {
            batch.remove("rule");
            continue;
        }
        match batch.get_mut(&key) {
            None => {
                batch.insert(key, value);
            }
            Some(before) => join(before, &key, value),
        }
    }
}

fn join(before: &mut Value, key: &str, value: Value) {
    match (&mut *before, value) {
        (Value::Number(sum), Value::Number(number)) => {
            if let (Some(sum_before), Some(number)) = (sum.as_u64(), number.as_u64()) {
                *sum = (sum_before + number).into();
            }
        }
        (Value::String(filters), Value::String(filter)) if key == "originalFilter" => {
            filters.push('&');
            filters.push_str(&filter);
        }
        (Value::Array(swaps), Value::Array(more)) if key == "swaps" => swaps.extend(more),
        (before, value @ Value::String(_)) if key == "upgradeTo" => *before = value,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::content::Swap;

    fn check(content: &TaskContent, outcome: Option<Outcome>, expected: &str) {
        let view = details(content, outcome.as_ref()).map(Value::Object);
        assert_eq!(view.map_or_else(|| "none".to_owned(), |view| view.to_string()), expected);
    }

    #[test]
    fn documents() {
        let deletion = TaskContent::DocumentDeletion { index: "a".into(), ids: vec!["1".into(), "2".into()] };
        check(&deletion, None, r#"{"providedIds":2,"deletedDocuments":null,"originalFilter":null}"#);
        check(
            &deletion,
            Some(Outcome::Nothing),
            r#"{"providedIds":2,"deletedDocuments":0,"originalFilter":null}"#,
        );
        let by_filter =
            TaskContent::DocumentDeletionByFilter { index: "a".into(), filter: json!("genre = horror") };
        check(
            &by_filter,
            Some(Outcome::Count(3)),
            r#"{"providedIds":0,"deletedDocuments":3,"originalFilter":"\"genre = horror\""}"#,
        );
        let edition = TaskContent::DocumentEdition {
            index: "a".into(),
            filter: None,
            context: None,
            function: "doc.a = 1".into(),
        };
        let start = |counts: &str| {
            format!("{{{counts},\"originalFilter\":null,\"context\":null,\"function\":\"doc.a = 1\"}}")
        };
        check(&edition, None, &start(r#""deletedDocuments":null,"editedDocuments":null"#));
        check(&edition, Some(Outcome::Nothing), &start(r#""deletedDocuments":null,"editedDocuments":0"#));
    }

    #[test]
    fn indexes_and_instance() {
        let update =
            TaskContent::IndexUpdate { index: "a".into(), primary_key: None, new_uid: Some("b".into()) };
        check(&update, None, r#"{"primaryKey":null,"newIndexUid":"b","oldIndexUid":"a"}"#);
        check(&TaskContent::SnapshotCreation, None, "none");
        check(&TaskContent::DumpCreation, None, r#"{"dumpUid":null}"#);
        let compaction = TaskContent::IndexCompaction { index: "a".into() };
        check(&compaction, Some(Outcome::Nothing), "{}");
        check(
            &compaction,
            Some(Outcome::Compacted { bytes_before: 114_688, bytes_after: 16_384 }),
            r#"{"preCompactionSize":"112.00 KiB","postCompactionSize":"16.00 KiB"}"#,
        );
    }

    fn check_batch(tasks: &[(TaskContent, Option<Outcome>)], expected: &str) {
        let mut batch = Map::new();
        for (content, outcome) in tasks {
            accumulate(&mut batch, content, outcome.as_ref());
        }
        assert_eq!(Value::Object(batch).to_string(), expected);
    }

    #[test]
    fn a_batch_sums_up_its_tasks() {
        let deletion = TaskContent::DocumentDeletion { index: "a".into(), ids: vec!["1".into()] };
        let by_filter = TaskContent::DocumentDeletionByFilter { index: "a".into(), filter: json!("x = 1") };
        check_batch(
            &[(deletion, Some(Outcome::Count(1))), (by_filter.clone(), None), (by_filter, None)],
            r#"{"providedIds":1,"deletedDocuments":1,"originalFilter":"\"x = 1\"&\"x = 1\""}"#,
        );
        let settings = |text: &str| TaskContent::Settings {
            index: "a".into(),
            settings: serde_json::from_str(text).unwrap(),
            is_deletion: false,
            allow_index_creation: true,
        };
        check_batch(
            &[
                (settings(r#"{"stopWords":["a"],"synonyms":null}"#), None),
                (settings(r#"{"stopWords":null}"#), None),
            ],
            r#"{"stopWords":null,"synonyms":null}"#,
        );
        let swap =
            TaskContent::IndexSwap { swaps: vec![Swap { indexes: ("a".into(), "b".into()), rename: true }] };
        check_batch(&[(swap, None)], r#"{"swaps":[{"indexes":["a","b"],"rename":true}]}"#);
        let creation = TaskContent::IndexCreation { index: "a".into(), primary_key: None };
        check_batch(&[(creation, None)], "{}");
        let rule = |rule: Option<Value>| TaskContent::DsrUpdate { rule_uid: "r".into(), update: rule };
        check_batch(&[(rule(Some(json!({"uid": "r"}))), None)], r#"{"rule":{"uid":"r"},"updatedRules":1}"#);
        check_batch(&[(rule(Some(json!({}))), None), (rule(Some(json!({}))), None)], r#"{"updatedRules":2}"#);
    }
}
