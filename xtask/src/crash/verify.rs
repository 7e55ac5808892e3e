//! The checks on a running server whose tasks have all finished.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::load::History;
use super::operation::{INDEXES, IndexModel, Model};
use crate::server::Server;

/// Longer than the tasks of some kills take.
const DRAIN_MAX: Duration = Duration::from_secs(300);

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
pub(super) fn tasks_and_documents(server: &Server, history: &History) -> Result<(), String> {
    let mut model = tasks(server, history)?;
    let listed = server.get("/indexes?limit=1000")?;
    let mut uids: Vec<&str> = listed["results"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|index| index["uid"].as_str())
        .collect();
    uids.sort_unstable();
    model.retain(|uid, index| !index.is_uncertain || uids.contains(uid));
    let expected: Vec<&str> = model.keys().copied().collect();
    if uids != expected {
        return Err(format!("the indexes are {uids:?} and must be {expected:?}"));
    }
    for (uid, index) in &model {
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

/// Checks the state of every task; the model of those that succeeded.
fn tasks(server: &Server, history: &History) -> Result<Model, String> {
    let mut model = Model::new();
    let stored = all_tasks(server)?;
    if stored.len() != history.len() {
        return Err(format!("{} tasks are there, {} were acknowledged", stored.len(), history.len()));
    }
    for (uid, (operation, task)) in history.operations().iter().zip(&stored).enumerate() {
        let fail = |what: String| Err(format!("task {uid}, {operation:?}: {what}: {task}"));
        if task["uid"] != uid || task["type"] != operation.task_type() {
            return fail("another task is at this place".to_owned());
        }
        match task["status"].as_str() {
            Some("canceled") => operation.cancel(&mut model),
            Some(status @ ("succeeded" | "failed")) => {
                let expected = operation.apply(&mut model, status == "succeeded");
                if expected.is_some_and(|succeeds| succeeds != (status == "succeeded")) {
                    return fail(format!("success was expected to be {expected:?}"));
                }
            }
            _ => return fail("the state is not final".to_owned()),
        }
        if task["finishedAt"].is_null() {
            return fail("it has no date of its end".to_owned());
        }
    }
    Ok(model)
}

/// All tasks, the oldest first.
fn all_tasks(server: &Server) -> Result<Vec<Value>, String> {
    let mut tasks = Vec::new();
    loop {
        let page = server.get(&format!("/tasks?reverse=true&limit=1000&from={}", tasks.len()))?;
        let results = page["results"].as_array().ok_or("/tasks has no results")?;
        tasks.extend(results.iter().cloned());
        if page["next"].is_null() {
            return Ok(tasks);
        }
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
