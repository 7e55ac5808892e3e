//! Secrets stay out of what a server says: its log at every level, its errors, the list of processes.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::{Server, program};
use serde_json::json;

const MASTER_KEY: &str = "a-master-key-that-nobody-guesses";
const WRONG_KEY: &str = "a-wrong-key-that-was-sent";

#[test]
fn keys_are_in_no_log_and_no_error() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("db");
    let mut command = program();
    command.env("MEILI_MASTER_KEY", MASTER_KEY).args(["--log-level", "TRACE"]);
    let mut server = Server::start_with(command, &folder);

    server.authorize(WRONG_KEY);
    let (status, refusal) = server.ask("GET", "/keys", None);
    assert_eq!(status, 403);
    assert!(!refusal.to_string().contains(WRONG_KEY));

    server.authorize(MASTER_KEY);
    let (_, keys) = server.ask("GET", "/keys", None);
    let keys: Vec<String> = keys["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["key"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(keys.len(), 4);
    for key in &keys {
        server.authorize(key);
        server.ask("POST", "/indexes/none/search", Some(&json!({ "q": "x" })));
        server.ask("GET", &format!("/keys/{key}"), None);
    }
    server.authorize(MASTER_KEY);
    server.ask("GET", &format!("/keys/{}", keys[0]), None);

    let process = server.process();
    let arguments = std::fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap_or_default();
    let words = server.words();
    assert!(words.contains("/search"), "the log has lines: {words}");
    for secret in keys.iter().map(String::as_str).chain([MASTER_KEY, WRONG_KEY]) {
        assert!(!words.contains(secret), "the log has {secret}: {words}");
        assert!(!arguments.contains(secret));
    }
}
