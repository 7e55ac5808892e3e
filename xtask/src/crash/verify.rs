//! The checks on a running server whose tasks have all finished.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::history::{Checked, History};
use super::model::IndexModel;
use super::operation::{INDEXES, Operation};
use crate::server::Server;

/// Longer than the tasks of some kills take.
const DRAIN_MAX: Duration = Duration::from_secs(300);

/// Files of a finished batch go just after it is seen to be finished.
const CLEAN_UP_MAX: Duration = Duration::from_secs(10);

/// Waits until no task waits or runs.
pub(super) fn drain(server: &mut Server) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < DRAIN_MAX {
        if let Some(status) = server.ended()? {
            return Err(format!("the server ended by itself: {status}"));
        }
        if server.get("/tasks?statuses=enqueued,processing&limit=1")?["total"] == 0 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(format!("tasks still wait after {} s", DRAIN_MAX.as_secs()))
}

/// Compares tasks, indexes, settings and documents with what the writes must have left.
pub(super) fn tasks_and_documents(server: &Server, history: &mut History) -> Result<(), String> {
    pending_tasks(server, history)?;
    let listed = server.get("/indexes?limit=1000")?;
    let mut uids: Vec<&str> = listed["results"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|index| index["uid"].as_str())
        .collect();
    uids.sort_unstable();
    let model = &mut history.model;
    model.retain(|uid, index| !index.is_uncertain || uids.contains(uid));
    model.values_mut().for_each(|index| index.is_uncertain = false);
    let expected: Vec<&str> = model.keys().copied().collect();
    if uids != expected {
        return Err(format!("the indexes are {uids:?} and must be {expected:?}"));
    }
    for (uid, index) in &*model {
        settings(server, uid, index)?;
        documents(server, uid, index)?;
        searches(server, uid, index)?;
    }
    for uid in INDEXES.iter().filter(|uid| !model.contains_key(**uid)) {
        if server.get(&format!("/indexes/{uid}/stats")).is_ok() {
            return Err(format!("index {uid} must not be there"));
        }
    }
    Ok(())
}

/// Checks the state of every task since the last check, and does to the model what they did.
fn pending_tasks(server: &Server, history: &mut History) -> Result<(), String> {
    let pending = std::mem::take(&mut history.pending);
    let first = history.checked.len();
    let stored = tasks_from(server, first)?;
    if stored.len() != pending.len() {
        return Err(format!(
            "{} tasks from {first} on are there, {} were acknowledged",
            stored.len(),
            pending.len()
        ));
    }
    for (operation, task) in pending.iter().zip(&stored) {
        let uid = history.checked.len();
        let checked = pending_task(operation, task, uid, history)
            .map_err(|what| format!("task {uid}, {operation:?}: {what}: {task}"))?;
        history.checked.push(checked);
    }
    let (total, expected) = (&server.get("/tasks?limit=1")?["total"], history.len() - history.deleted.len());
    if *total != expected {
        return Err(format!("{total} tasks are there and must be {expected}"));
    }
    Ok(())
}

fn pending_task(
    operation: &Operation,
    task: &Value,
    uid: usize,
    history: &mut History,
) -> Result<Checked, String> {
    let task_type = operation.task_type().ok_or("it has no task")?;
    if task["uid"] != uid || task["type"] != task_type {
        return Err("another task is at this place".to_owned());
    }
    let status = task["status"].as_str().unwrap_or_default();
    match status {
        "canceled" => operation.cancel(&mut history.model),
        "succeeded" | "failed" => {
            let expected = operation.apply(&mut history.model, status == "succeeded");
            if expected.is_some_and(|succeeds| succeeds != (status == "succeeded")) {
                return Err(format!("success was expected to be {expected:?}"));
            }
        }
        _ => return Err("the state is not final".to_owned()),
    }
    if let (Operation::DeleteTasks { uids }, "succeeded") = (operation, status) {
        let checked = 0..history.checked.len() as u64;
        let before = history.deleted.len();
        history.deleted.extend(uids.iter().filter(|uid| checked.contains(uid)));
        let deleted = history.deleted.len() - before;
        if task["details"]["deletedTasks"] != deleted {
            return Err(format!("it must have deleted {deleted} tasks"));
        }
    }
    if task["finishedAt"].is_null() {
        return Err("it has no date of its end".to_owned());
    }
    Ok(Checked { task_type, status: status.to_owned() })
}

/// Compares every task with what it was when it was checked; those that were deleted are gone.
pub(super) fn all_tasks(server: &Server, history: &History) -> Result<(), String> {
    let left = (0_u64..).zip(&history.checked).filter(|(uid, _)| !history.deleted.contains(uid));
    let mut stored = tasks_from(server, 0)?.into_iter();
    for (uid, checked) in left {
        let task = stored.next().unwrap_or_default();
        let is_same = task["uid"] == uid
            && task["type"] == checked.task_type
            && task["status"] == checked.status.as_str();
        if !is_same {
            return Err(format!("task {uid} was {checked:?} and now there is {task}"));
        }
    }
    stored.next().map_or(Ok(()), |task| Err(format!("a task must not be there: {task}")))
}

/// The tasks from a uid on, the oldest first.
fn tasks_from(server: &Server, first: usize) -> Result<Vec<Value>, String> {
    let (mut tasks, mut from) = (Vec::new(), json!(first));
    while !from.is_null() {
        let page = server.get(&format!("/tasks?reverse=true&limit=1000&from={from}"))?;
        tasks.extend(page["results"].as_array().ok_or("/tasks has no results")?.iter().cloned());
        from = page["next"].clone();
    }
    Ok(tasks)
}

/// Waits until no payload is left and every folder is that of an index.
pub(super) fn folders(database: &Path, history: &History) -> Result<(), String> {
    let start = Instant::now();
    loop {
        let count = |name: &str| {
            let folder = database.join(name);
            std::fs::read_dir(&folder)
                .map(Iterator::count)
                .map_err(|error| format!("{}: {error}", folder.display()))
        };
        let (payloads, indexes) = (count("update_files")?, count("indexes")?);
        if payloads == 0 && indexes == history.model.len() {
            return Ok(());
        }
        if start.elapsed() > CLEAN_UP_MAX {
            return Err(format!(
                "{payloads} payloads and {indexes} folders of indexes are left, for {} indexes",
                history.model.len()
            ));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn settings(server: &Server, uid: &str, model: &IndexModel) -> Result<(), String> {
    let stored = server.get(&format!("/indexes/{uid}/settings"))?;
    let expected = (json!(model.stop_words), json!(model.searchable));
    let found = (stored["stopWords"].clone(), stored["searchableAttributes"].clone());
    if found == expected {
        return Ok(());
    }
    Err(format!("index {uid}: stop words and searchable attributes are {found:?} and must be {expected:?}"))
}

fn documents(server: &Server, uid: &str, model: &IndexModel) -> Result<(), String> {
    let answer = server.get(&format!("/indexes/{uid}/documents?limit=100000"))?;
    let mut stored: BTreeMap<u64, Map<String, Value>> = BTreeMap::new();
    for document in answer["results"].as_array().into_iter().flatten() {
        let (Some(id), Some(fields)) = (document["id"].as_u64(), document.as_object()) else {
            return Err(format!("index {uid}: a document is {document}"));
        };
        if stored.insert(id, fields.clone()).is_some() {
            return Err(format!("index {uid}: document {id} is there twice"));
        }
    }
    for id in stored.keys().chain(model.documents.keys()) {
        let (found, expected) = (stored.get(id), model.documents.get(id));
        if found != expected {
            return Err(format!("index {uid}: document {id} is {found:?} and must be {expected:?}"));
        }
    }
    Ok(())
}

fn searches(server: &Server, uid: &str, model: &IndexModel) -> Result<(), String> {
    let path = format!("/indexes/{uid}/search");
    let all = server.ask("POST", &path, Some(&json!({ "hitsPerPage": 1 })))?;
    let expected = model.documents.len().min(1000);
    if all["totalHits"] != expected {
        return Err(format!("index {uid}: a search for all finds {} of {expected}", all["totalHits"]));
    }
    let word = "harbour";
    let in_title = |document: &Map<String, Value>| {
        let title = document.get("title").and_then(Value::as_str).unwrap_or_default();
        title.split(' ').any(|other| other == word)
    };
    let expected = model.documents.values().filter(|document| in_title(document)).count();
    let request = json!({ "q": format!("\"{word}\""), "attributesToSearchOn": ["title"], "hitsPerPage": 1 });
    let found = server.ask("POST", &path, Some(&request))?;
    if !model.stop_words.contains(word) && found["totalHits"] != expected {
        return Err(format!("index {uid}: a search for {word} finds {} of {expected}", found["totalHits"]));
    }
    Ok(())
}
