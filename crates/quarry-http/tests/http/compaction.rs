//! `POST /tasks/compact` and `POST /indexes/{uid}/compact`.

use axum::http::Method;
use serde_json::json;

use crate::support::TestServer;

#[test]
fn a_compacted_queue_is_only_read_until_the_next_start() {
    let server = TestServer::new();
    let refused = server.call(Method::POST, "/tasks/compact").expect(400);
    assert_eq!(refused["code"], "feature_not_enabled");
    server.succeeded(server.post("/indexes", &json!({"uid": "birds"})));
    server.patch("/experimental-features", &json!({"taskQueueCompactionRoute": true})).expect(200);

    let summary = server.call(Method::POST, "/tasks/compact").expect(200);
    assert_eq!(summary["status"], "succeeded");
    assert_eq!(summary["actionRequired"], "you must restart your instance");
    assert!(summary["preSize"].is_string() && summary["postSize"].is_string(), "{summary}");

    assert_eq!(server.get("/health").expect(500), json!({"status": "mustRestart"}));
    assert_eq!(server.get("/tasks").expect(200)["total"], 1);
    assert!(server.post("/indexes", &json!({"uid": "fish"})).status.is_server_error());
    assert!(server.post("/indexes/birds/documents", &json!([{"id": 1}])).status.is_server_error());
    assert_eq!(server.payload_files_count(), 0, "nothing is left of what was refused");
    let again = server.call(Method::POST, "/tasks/compact").expect(500);
    assert_eq!(again["status"], "failed");
    assert!(again["errorMessage"].is_string(), "{again}");
}

#[test]
fn a_compacted_index_answers_as_before() {
    let server = TestServer::new();
    let documents: Vec<_> = (0..500).map(|id| json!({"id": id, "name": format!("heron {id}")})).collect();
    server.succeeded(server.post("/indexes/birds/documents", &json!(documents)));
    server.succeeded(server.call(Method::DELETE, "/indexes/birds/documents/7"));
    let compacted = server.succeeded(server.call(Method::POST, "/indexes/birds/compact"));
    assert_eq!(compacted["type"], "indexCompaction");
    for size in ["preCompactionSize", "postCompactionSize"] {
        assert!(compacted["details"][size].is_string(), "{compacted}");
    }
    let found = server.post("/indexes/birds/search", &json!({"q": "heron", "hitsPerPage": 1})).expect(200);
    assert_eq!(found["totalHits"], 499);
    server.succeeded(server.post("/indexes/birds/documents", &json!([{"id": 7, "name": "heron"}])));
}
