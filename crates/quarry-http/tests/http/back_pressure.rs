//! Too much at once: refused with the code and the header that say so, and only what is too much.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, header};
use quarry_http::SearchQueueOptions;
use serde_json::{Value, json};

use crate::support::{Reply, TestServer};

/// A server whose searches find no place; with an index that has settings and documents.
fn without_places(waiting_max: usize, wait_max: Duration) -> TestServer {
    let server = TestServer::with(|options| {
        options.search_queue = SearchQueueOptions { running_max: 0, waiting_max, wait_max };
    });
    server.succeeded(server.patch("/indexes/i/settings", &json!({"filterableAttributes": ["genre"]})));
    server.succeeded(server.post("/indexes/i/documents", &json!([{"id": 1, "genre": "drama"}])));
    server
}

#[track_caller]
fn is_refused(reply: Reply, waiting_max: usize) {
    assert_eq!(reply.status.as_u16(), 503, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(reply.headers[header::RETRY_AFTER], "10");
    let message =
        format!("Too many search requests running at the same time: {waiting_max}. Retry after 10s.");
    let expected = json!({
        "message": message,
        "code": "too_many_search_requests",
        "type": "system",
        "link": "https://docs.meilisearch.com/errors#too_many_search_requests",
    });
    assert_eq!(reply.json(), expected);
}

/// What takes a place among searches.
fn searches() -> Vec<(Method, &'static str, Value)> {
    let query = json!({"indexUid": "i", "q": ""});
    vec![
        (Method::GET, "/indexes/i/search?q=", Value::Null),
        (Method::POST, "/indexes/i/search", json!({"q": ""})),
        (Method::POST, "/indexes/i/facet-search", json!({"facetName": "genre"})),
        (Method::POST, "/multi-search", json!({"queries": [query.clone()]})),
        (Method::POST, "/multi-search", json!({"federation": {}, "queries": [query]})),
        (Method::GET, "/indexes/i/documents", Value::Null),
        (Method::POST, "/indexes/i/documents/fetch", json!({})),
    ]
}

fn ask(server: &TestServer, method: Method, path: &str, body: &Value) -> Reply {
    match body {
        Value::Null => server.call(method, path),
        body => server.call_with(method, path, "application/json", body.to_string()),
    }
}

#[test]
fn every_search_is_refused_when_none_may_wait() {
    let server = without_places(0, Duration::from_secs(30));
    for (method, path, body) in searches() {
        is_refused(ask(&server, method, path, &body), 0);
    }
}

#[test]
fn a_search_that_waited_too_long_is_refused() {
    let server = without_places(7, Duration::from_millis(5));
    for (method, path, body) in searches() {
        is_refused(ask(&server, method, path, &body), 7);
    }
}

#[test]
fn what_is_no_search_goes_on_without_a_place() {
    let server = without_places(0, Duration::from_secs(30));
    for path in
        ["/health", "/indexes", "/indexes/i/stats", "/indexes/i/settings", "/tasks", "/indexes/i/documents/1"]
    {
        server.get(path).expect(200);
    }
    server.succeeded(server.post("/indexes/i/documents", &json!([{"id": 2}])));
    server.patch("/experimental-features", &json!({"disableDocumentsFetchQueue": true})).expect(200);
    assert_eq!(server.get("/indexes/i/documents").expect(200)["total"], 2);
    assert_eq!(server.post("/indexes/i/documents/fetch", &json!({})).expect(200)["total"], 2);
}

#[test]
fn a_crowd_is_served_or_refused_and_leaves_the_places_free() {
    let server = TestServer::with(|options| {
        let wait_max = Duration::from_secs(30);
        options.search_queue = SearchQueueOptions { running_max: 1, waiting_max: 3, wait_max };
    });
    let documents: Vec<Value> =
        (0..2000).map(|id| json!({"id": id, "title": format!("harbour {id}")})).collect();
    server.succeeded(server.post("/indexes/i/documents", &json!(documents)));
    let (mut served, mut refused) = (0, 0);
    for reply in server.all_at_once(40, || {
        let request = Request::post("/indexes/i/search").header(header::CONTENT_TYPE, "application/json");
        request.body(Body::from(json!({"q": "harbour"}).to_string())).unwrap()
    }) {
        match reply.status.as_u16() {
            200 => served += 1,
            _ => {
                is_refused(reply, 3);
                refused += 1;
            }
        }
    }
    assert!(served >= 4, "one runs and three wait; {served} served, {refused} refused");
    server.post("/indexes/i/search", &json!({"q": ""})).expect(200);
}

#[test]
fn a_full_queue_refuses_writes_and_takes_what_makes_room() {
    let server = TestServer::new();
    let large = json!({"synonyms": {"a": ["x".repeat(6_000_000)]}});
    let (refusal, cancelation) = server.while_busy(|server| {
        let refusal =
            (0..20).map(|_| server.patch("/indexes/i/settings", &large)).find(|reply| reply.status != 202);
        let refusal = refusal.expect("the queue is full at some time");
        // Searches and reads do not care.
        server.get("/tasks?limit=1&statuses=enqueued").expect(200);
        let cancelation = server.call(Method::POST, "/tasks/cancel?statuses=enqueued");
        assert_eq!(cancelation.status, 200);
        (refusal, cancelation)
    });
    // Only what matches a task is taken: there must be canceled ones to delete.
    server.succeeded(cancelation);
    assert!(!refusal.headers.contains_key(header::RETRY_AFTER));
    let error = refusal.expect(422);
    assert_eq!(error["code"], "no_space_left_on_device");
    let words = "Meilisearch cannot receive write operations because the limit of the task database has been reached.";
    assert!(error["message"].as_str().unwrap().starts_with(words), "{error}");
    let small = json!({"stopWords": ["the"]});
    assert_eq!(server.patch("/indexes/i/settings", &small).expect(422)["code"], "no_space_left_on_device");
    let refused = server.post("/indexes/i/documents", &json!([{"id": 1}])).expect(422);
    assert_eq!(refused["code"], "no_space_left_on_device");
    assert_eq!(server.payload_files_count(), 0, "nothing is left of what was refused");
    server.succeeded(server.call(Method::DELETE, "/tasks?statuses=canceled"));
    server.succeeded(server.patch("/indexes/i/settings", &small));
}
