//! Where this server does better than the reference server, on purpose: one test for each such case.

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::{Value, json};

use crate::support::TestServer;

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

/// A server with an index `i` that holds `documents` and has `settings`.
#[track_caller]
fn server_with(settings: &Value, documents: &Value) -> TestServer {
    let server = TestServer::new();
    server.succeeded(server.patch("/indexes/i/settings", settings));
    server.succeeded(server.post("/indexes/i/documents", documents));
    server
}

#[track_caller]
fn search(server: &TestServer, body: &Value) -> Value {
    server.post("/indexes/i/search", body).expect(200)
}

fn ids(results: &Value) -> Vec<u64> {
    results.as_array().unwrap().iter().map(|result| result["id"].as_u64().unwrap()).collect()
}

/// Checks that documents are refused by both routes, with the parser's words.
#[track_caller]
fn refuses_documents(content_type: &str, body: &str, words: &str) {
    let server = TestServer::new();
    for method in [Method::POST, Method::PUT] {
        let error =
            server.call_with(method, "/indexes/i/documents", content_type, body.to_owned()).expect(400);
        assert_eq!(error["code"], "malformed_payload", "{body}");
        let message = error["message"].as_str().unwrap();
        let format = if content_type == JSON { "json" } else { "ndjson" };
        let start =
            format!("The `{format}` payload provided is malformed. `Couldn't serialize document value: ");
        assert!(message.starts_with(&start) && message.contains(words), "{body}: {message}");
    }
    assert_eq!(server.get("/tasks").expect(200)["total"], 0);
}

#[test]
fn what_is_no_object_among_documents_is_the_clients_mistake() {
    refuses_documents(JSON, r#"[{"id":1},[{"id":2}]]"#, "invalid type: sequence, expected a map");
    refuses_documents(JSON, "[1,2]", "invalid type: integer `1`, expected a map");
    refuses_documents(JSON, r#"[{"id":1},"x"]"#, "expected a map");
    refuses_documents(JSON, "[null]", "expected a map");
    refuses_documents(NDJSON, "{\"id\":1}\n[{\"id\":2}]\n", "expected a map");
    refuses_documents(NDJSON, "{\"id\":1}\ntrue\n", "expected a map");
}

#[test]
fn a_json_body_above_the_limit_is_too_large() {
    let server = TestServer::with(|options| options.payload_bytes_max = 1000);
    let body = json!({"q": "x".repeat(1000)});
    for (method, path) in [
        (Method::POST, "/indexes/i/search"),
        (Method::POST, "/multi-search"),
        (Method::PATCH, "/indexes/i/settings"),
        (Method::PUT, "/indexes/i/settings/synonyms"),
        (Method::POST, "/indexes"),
        (Method::POST, "/indexes/i/documents/delete-batch"),
        (Method::POST, "/indexes/i/documents"),
    ] {
        let error = server.call_with(method, path, JSON, body.to_string()).expect(413);
        assert_eq!(error["code"], "payload_too_large", "{path}");
        let text = "The provided payload reached the size limit. The maximum accepted payload size is 1 KB.";
        assert_eq!(error["message"], text, "{path}");
    }
}

#[test]
fn nothing_after_the_array_of_documents_is_lost() {
    refuses_documents(JSON, r#"[{"id":1}] [{"id":2}]"#, "trailing characters at line 1 column 12");
    refuses_documents(JSON, r#"[{"id":1}]x"#, "trailing characters at line 1 column 11");
}

#[test]
fn a_document_nested_too_deeply_fails_its_task_by_name() {
    let deep = format!(r#"{{"id":"pine","deep":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    for (content_type, body) in [(JSON, format!("[{deep}]")), (NDJSON, deep.clone())] {
        let server = TestServer::new();
        let task =
            server.finished(server.call_with(Method::POST, "/indexes/i/documents", content_type, body));
        assert_eq!(task["status"], "failed", "{task}");
        assert_eq!(task["error"]["code"], "malformed_payload");
        let message = task["error"]["message"].as_str().unwrap();
        assert!(message.contains("pine") && message.contains("127"), "{message}");
    }
}

#[test]
fn a_number_out_of_range_is_refused_at_once() {
    refuses_documents(JSON, r#"[{"id":1,"n":1e400}]"#, "number out of range at line 1 column");
    refuses_documents(NDJSON, r#"{"id":1,"n":-1e400}"#, "number out of range at line 1 column");
}

#[test]
fn half_a_surrogate_pair_is_refused_at_once() {
    refuses_documents(JSON, r#"[{"id":1,"t":"\ud83d"}]"#, "at line 1 column");
    refuses_documents(JSON, r#"{"id":1,"t":"\ud83d"}"#, "at line 1 column");
    refuses_documents(NDJSON, r#"{"id":1,"\ude00":1}"#, "at line 1 column");
}

#[test]
fn vectors_that_are_no_object_have_their_own_error() {
    for vectors in [json!(null), json!([1, 2]), json!("x"), json!(3), json!(true)] {
        let server = TestServer::new();
        let documents = json!([{"id": 1, "_vectors": vectors}]);
        let task = server.finished(server.post("/indexes/i/documents", &documents));
        assert_eq!(task["status"], "failed", "{vectors}: {task}");
        assert_eq!(task["error"]["code"], "invalid_vectors_type", "{vectors}");
    }
}

#[test]
fn fetched_documents_without_a_sort_value_come_last() {
    let documents = json!([
        {"id": 1, "size": null}, {"id": 2, "size": ""}, {"id": 3, "size": 8}, {"id": 4, "size": []},
        {"id": 5}, {"id": 6, "size": {}}, {"id": 7, "size": 2},
    ]);
    let server = server_with(&json!({"sortableAttributes": ["size"]}), &documents);
    let fetch = |sort| server.post("/indexes/i/documents/fetch", &json!({"sort": [sort]})).expect(200);
    let ascending = fetch("size:asc");
    assert_eq!(ids(&ascending["results"]), [7, 3, 1, 2, 4, 5, 6]);
    assert_eq!(ascending["total"], 7);
    assert_eq!(ids(&fetch("size:desc")["results"]), [3, 7, 1, 2, 4, 5, 6]);
}

#[test]
fn a_star_among_fetched_fields_means_all() {
    let document = json!({"id": 1, "name": "fir"});
    let server = server_with(&json!({}), &json!([document]));
    for fields in [json!(["*"]), json!(["name", "*"])] {
        let body = json!({"fields": fields});
        let fetched = server.post("/indexes/i/documents/fetch", &body).expect(200);
        assert_eq!(fetched["results"], json!([document]), "{fields}");
    }
    assert_eq!(server.get("/indexes/i/documents?fields=*").expect(200)["results"], json!([document]));
}

#[test]
fn an_index_whose_key_cannot_change_keeps_its_name() {
    let server = server_with(&json!({}), &json!([{"id": 1}]));
    let task = server.finished(server.patch("/indexes/i", &json!({"uid": "renamed", "primaryKey": "other"})));
    assert_eq!(task["status"], "failed");
    assert_eq!(task["error"]["code"], "index_primary_key_already_exists");
    assert!(task["error"]["message"].as_str().unwrap().contains("`i`"), "{task}");
    assert_eq!(server.get("/indexes/i").expect(200)["primaryKey"], "id");
    server.get("/indexes/renamed").expect(404);
}

#[test]
fn late_patterns_index_as_early_ones_do() {
    let documents = json!([{"id": 1, "deep": {"name_de": "d"}}]);
    let narrow = json!({"filterableAttributes": [{"attributePatterns": ["name_*", "*_de"]}]});
    let wide = json!({"filterableAttributes": [{"attributePatterns": ["name_*", "*_de", "deep.*"]}]});
    let late = server_with(&narrow, &documents);
    late.succeeded(late.patch("/indexes/i/settings", &wide));
    let early = server_with(&wide, &documents);
    for server in [late, early] {
        let found = search(&server, &json!({"filter": "deep.name_de = d"}));
        assert_eq!(ids(&found["hits"]), [1]);
    }
}

#[test]
fn a_refused_deletion_fails_alone_in_its_batch() {
    let server = server_with(&json!({}), &json!([{"id": 1}]));
    let (before, deletion, after) = server.while_busy(|server| {
        let add = |id| server.post("/indexes/i/documents", &json!([{"id": id}]));
        let deletion = server.post("/indexes/i/documents/delete", &json!({"filter": "colour = red"}));
        (add(2), deletion, add(3))
    });
    let before = server.succeeded(before);
    let refused = server.finished(deletion);
    assert_eq!(refused["status"], "failed");
    assert_eq!(refused["error"]["code"], "invalid_document_filter");
    server.succeeded(after);
    assert_eq!(refused["batchUid"], before["batchUid"], "they shared no batch");
    assert_eq!(server.get("/indexes/i/documents").expect(200)["total"], 3);
}

#[test]
fn no_facet_value_is_shown_when_none_is_allowed() {
    for order in ["alpha", "count"] {
        let settings = json!({
            "filterableAttributes": ["kind"],
            "faceting": {"maxValuesPerFacet": 0, "sortFacetValuesBy": {"*": order}},
        });
        let server = server_with(&settings, &json!([{"id": 1, "kind": "a"}, {"id": 2, "kind": "b"}]));
        let found = search(&server, &json!({"facets": ["kind"]}));
        assert_eq!(found["facetDistribution"], json!({"kind": {}}), "{order}");
    }
}

#[test]
fn minus_zero_is_zero() {
    let settings = json!({"filterableAttributes": ["n"], "sortableAttributes": ["n", "rank"]});
    let server = TestServer::new();
    server.succeeded(server.patch("/indexes/i/settings", &settings));
    let documents = r#"[{"id":1,"n":-0.0,"rank":2},{"id":2,"n":0,"rank":1},{"id":3,"n":1,"rank":3}]"#;
    server.succeeded(server.call_with(Method::POST, "/indexes/i/documents", JSON, documents));
    for filter in ["n = 0", "n = -0", "n = -0.0", "n >= 0 AND n <= -0"] {
        let mut found = ids(&search(&server, &json!({"filter": filter}))["hits"]);
        found.sort_unstable();
        assert_eq!(found, [1, 2], "{filter}");
    }
    let facets = search(&server, &json!({"facets": ["n"]}));
    assert_eq!(facets["facetDistribution"]["n"], json!({"0": 2, "1": 1}));
    let sorted = search(&server, &json!({"sort": ["n:asc", "rank:asc"]}));
    assert_eq!(ids(&sorted["hits"]), [2, 1, 3]);
    let kept = server.get("/indexes/i/documents/1").expect(200);
    assert!(kept["n"].as_f64().unwrap().is_sign_negative(), "{kept}");
}

#[test]
fn a_number_and_the_same_digits_are_one_facet_entry() {
    let documents =
        json!([{"id": 1, "n": 1}, {"id": 2, "n": "1"}, {"id": 3, "n": "1"}, {"id": 4, "n": [1, "1"]}]);
    for order in ["alpha", "count"] {
        let settings =
            json!({"filterableAttributes": ["n"], "faceting": {"sortFacetValuesBy": {"*": order}}});
        let server = server_with(&settings, &documents);
        let found = search(&server, &json!({"facets": ["n"]}));
        assert_eq!(found["facetDistribution"]["n"], json!({"1": 4}), "{order}");
    }
}

#[test]
fn full_width_capitals_are_capitals() {
    let server = server_with(&json!({}), &json!([{"id": 1, "name": "ＡＢＣ"}, {"id": 2, "name": "abc"}]));
    for query in ["abc", "ABC", "ＡＢＣ", "ａｂｃ"] {
        let mut found = ids(&search(&server, &json!({"q": query}))["hits"]);
        found.sort_unstable();
        assert_eq!(found, [1, 2], "{query}");
    }
}

#[test]
fn zstd_is_spoken_both_ways() {
    let server = server_with(&json!({}), &json!([{"id": 1, "name": "larch ".repeat(200)}]));
    let body = zstd::encode_all(&br#"{"q": "larch"}"#[..], 3).unwrap();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/indexes/i/search")
        .header(header::CONTENT_TYPE, JSON)
        .header(header::CONTENT_ENCODING, "zstd")
        .header(header::ACCEPT_ENCODING, "zstd")
        .body(Body::from(body))
        .unwrap();
    let reply = server.send(request);
    assert_eq!(reply.headers[header::CONTENT_ENCODING], "zstd");
    let answer: Value = serde_json::from_slice(&zstd::decode_all(&reply.body[..]).unwrap()).unwrap();
    assert_eq!(ids(&answer["hits"]), [1]);

    let documents = zstd::encode_all(&b"{\"id\":2}\n{\"id\":3}\n"[..], 3).unwrap();
    let request = |body: Vec<u8>| {
        Request::builder()
            .method(Method::POST)
            .uri("/indexes/i/documents")
            .header(header::CONTENT_TYPE, NDJSON)
            .header(header::CONTENT_ENCODING, "zstd")
            .body(Body::from(body))
            .unwrap()
    };
    let half = documents[..documents.len() / 2].to_vec();
    server.succeeded(server.send(request(documents)));
    assert_eq!(server.get("/indexes/i/documents").expect(200)["total"], 3);
    assert_eq!(server.send(request(half)).expect(400)["code"], "bad_request");
}
