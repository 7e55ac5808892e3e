//! `/openapi.json` beside the contract, the routes, the parameters that are read, and recorded answers.

mod document;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use axum::http::Method;
use serde_json::{Value, json};

use self::document::{Document, Operation};
use crate::support::{Reply, TestServer};

/// Fields of an embedder inside another one: read only to be refused in words of their own.
const ONLY_REFUSED: &[&str] = &["distribution", "binaryQuantized", "searchEmbedder", "indexingEmbedder"];

/// A field and a parameter that nothing knows.
const STRANGER: &str = "zzz";

fn contract() -> Document {
    Document(serde_json::from_str(include_str!("../../../src/openapi/contract.json")).unwrap())
}

fn amendments() -> Value {
    serde_json::from_str(include_str!("../../../src/openapi/amendments.json")).unwrap()
}

/// A server with every experimental feature on, and its description.
fn described_server() -> (TestServer, Document) {
    let server = TestServer::with_master_key("a master key for tests");
    let document = Document(server.get("/openapi.json").expect(200));
    let features = &document.0["components"]["schemas"]["RuntimeTogglableFeatures"]["properties"];
    let all_on = features.as_object().unwrap().keys().map(|name| (name.clone(), json!(true))).collect();
    server.patch("/experimental-features", &Value::Object(all_on)).expect(200);
    (server, document)
}

/// Calls an operation with something in the place of each parameter of its path.
fn call(server: &TestServer, operation: &Operation<'_>, query: &str, body: Option<&Value>) -> Reply {
    let parts = operation.path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
    let path = format!("{}{query}", parts.collect::<Vec<_>>().join("/"));
    let method = Method::from_bytes(operation.method.to_uppercase().as_bytes()).unwrap();
    match body {
        Some(body) => server.call_with(method, &path, "application/json", body.to_string()),
        None => server.call(method, &path),
    }
}

/// Whether a route only says that its work is not there yet.
fn is_not_there(reply: &Reply) -> bool {
    reply.status == 501
}

fn names(operations: &Document) -> BTreeSet<String> {
    operations.operations().map(|operation| operation.to_string()).collect()
}

#[test]
fn every_route_is_described_and_every_description_served() {
    let (server, served) = described_server();
    let mut described = names(&contract());
    described.extend(names(&Document(amendments())));
    assert_eq!(names(&served), described);
    for operation in served.operations() {
        assert!(operation.described["responses"].is_object(), "{operation} has no description");
        let parts = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        assert_eq!(operation.parameters("path"), parts.collect::<Vec<_>>(), "{operation}");
        let reply = call(&server, &operation, "", None);
        assert!(reply.status != 405, "{operation} is not served");
        assert!(reply.status != 404 || !reply.body.is_empty(), "{operation} is not served");
    }
}

#[test]
fn methods_that_are_not_described_are_not_allowed() {
    let (server, served) = described_server();
    for path in served.0["paths"].as_object().unwrap().keys() {
        for method in ["get", "post", "put", "patch", "delete"] {
            let operation = Operation { method, path, described: &Value::Null };
            let is_described = served.0["paths"][path].get(method).is_some();
            // A route of more exact parts may have the method.
            let is_other = served.operation(method, &path.replace(['{', '}'], "")).is_some();
            let status = call(&server, &operation, "", None).status;
            assert!(is_described || is_other || status == 405, "{operation}: {status}");
        }
    }
}

#[test]
fn only_what_is_amended_differs_from_the_contract() {
    let (_, served) = described_server();
    let (contract, amendments) = (contract(), amendments());
    let schemas = |document: &Value| document["components"]["schemas"].as_object().unwrap().clone();
    let (ours, theirs, amended) = (schemas(&served.0), schemas(&contract.0), schemas(&amendments));
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (name, schema) in &ours {
        assert_eq!(*schema != theirs[name], amended.contains_key(name), "{name}");
    }
    for operation in served.operations() {
        let mut described = operation.described.clone();
        described.as_object_mut().unwrap().remove("security");
        let mut theirs = contract.0["paths"][operation.path][operation.method].clone();
        theirs.as_object_mut().map(|theirs| theirs.remove("security"));
        let is_amended = !amendments["paths"][operation.path][operation.method].is_null();
        assert_eq!(described != theirs, is_amended, "{operation}");
    }
}

#[test]
fn what_needs_a_key_says_so() {
    let (mut server, served) = described_server();
    server.token = None;
    for operation in served.operations() {
        let needs_key = operation.described["security"] != json!([]);
        let status = call(&server, &operation, "", None).status;
        assert_eq!(status == 401, needs_key, "{operation}: {status}");
    }
}

/// The names that an error about something unknown lists.
fn listed(message: &str, start: &str) -> Option<BTreeSet<String>> {
    let (_, list) = message.strip_prefix(start)?.split_once(": expected one of ")?;
    Some(list.split(", ").map(|name| name.trim_matches('`').to_owned()).collect())
}

#[test]
fn query_parameters_are_those_that_are_read() {
    let (server, served) = described_server();
    let mut problems = Vec::new();
    for operation in served.operations() {
        let body = operation.body().map(|schema| served.sample(schema));
        let reply = call(&server, &operation, &format!("?{STRANGER}=1"), body.as_ref());
        if is_not_there(&reply) {
            continue;
        }
        let message = reply.json()["message"].as_str().unwrap_or_default().to_owned();
        let read = listed(&message, &format!("Unknown parameter `{STRANGER}`")).unwrap_or_default();
        let described: BTreeSet<String> =
            operation.parameters("query").into_iter().map(str::to_owned).collect();
        if read != described {
            problems.push(format!("{operation} reads {read:?}, described are {described:?}"));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Compares the fields of a body, at all depths, with those that a route reads.
struct BodyCheck<'c> {
    server: &'c TestServer,
    document: &'c Document,
    operation: &'c Operation<'c>,
    problems: Vec<String>,
}

impl BodyCheck<'_> {
    fn message(&self, body: &Value) -> String {
        let reply = call(self.server, self.operation, "", Some(body));
        reply.json()["message"].as_str().unwrap_or_default().to_owned()
    }

    fn note(&mut self, place: &str, problem: &str, message: &str) {
        self.problems.push(format!("{} {place}: {problem}: {message}", self.operation));
    }

    /// - `place`: where in the body `schema` describes a value, as error messages name it
    /// - `wrapped`: the body that holds a value there
    fn check(&mut self, schema: &Value, place: &str, wrapped: &dyn Fn(Value) -> Value) {
        let document = self.document;
        let schema = document.resolved(schema);
        for alternative in document.alternatives(schema) {
            self.check(alternative, place, wrapped);
        }
        if let Some(items) = schema.get("items") {
            self.check(items, &format!("{place}[0]"), &|value| wrapped(json!([value])));
        }
        if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
            self.check(values, &format!("{place}.k"), &|value| wrapped(json!({"k": value})));
        }
        if let Some(fields) = schema["properties"].as_object() {
            if schema["additionalProperties"] != true {
                let message = self.message(&wrapped(json!({STRANGER: 1})));
                let inside = if place.is_empty() { String::new() } else { format!(" inside `{place}`") };
                let mut read = listed(&message, &format!("Unknown field `{STRANGER}`{inside}"));
                if let Some(read) = read.as_mut().filter(|_| place.ends_with("Embedder")) {
                    read.retain(|name| !ONLY_REFUSED.contains(&name.as_str()));
                }
                if read != Some(fields.keys().cloned().collect()) {
                    self.note(place, "other fields than described", &message);
                }
            }
            self.check_required(schema, place, wrapped);
            for (name, field) in fields {
                self.check(field, &format!("{place}.{name}"), &|value| wrapped(json!({name: value})));
            }
        }
    }

    fn check_required(&mut self, schema: &Value, place: &str, wrapped: &dyn Fn(Value) -> Value) {
        let inside = if place.is_empty() { String::new() } else { format!(" inside `{place}`") };
        let missing = |name: &str| format!("Missing field `{name}`{inside}");
        let whole = self.document.sample(schema);
        let message = self.message(&wrapped(whole.clone()));
        if schema["properties"]
            .as_object()
            .is_some_and(|fields| fields.keys().any(|name| message == missing(name)))
        {
            self.note(place, "a field is required and not described so", &message);
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            let mut without = whole.clone();
            without.as_object_mut().unwrap().remove(name);
            let message = self.message(&wrapped(without));
            if message != missing(name) {
                self.note(place, &format!("`{name}` is not required"), &message);
            }
        }
    }
}

#[test]
fn bodies_hold_the_fields_that_are_read() {
    let (server, document) = described_server();
    let mut problems = Vec::new();
    for operation in document.operations() {
        let Some(schema) = operation.body() else { continue };
        if is_not_there(&call(&server, &operation, "", Some(&document.sample(schema)))) {
            continue;
        }
        let mut check =
            BodyCheck { server: &server, document: &document, operation: &operation, problems: Vec::new() };
        check.check(schema, "", &|value| value);
        problems.extend(check.problems);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn recorded_answers_fit_the_description() {
    let (_, document) = described_server();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/scenarios");
    let (mut checked, mut problems) = (0, Vec::new());
    for area in fs::read_dir(folder).unwrap() {
        for file in fs::read_dir(area.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let scenario: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            for (number, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
                let found = step_problems(&document, step);
                let name = path.file_stem().unwrap().display();
                problems.extend(
                    found.into_iter().map(|problem| format!("{name} step {}: {problem}", number + 1)),
                );
                checked += 1;
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(checked > 1000, "only {checked} steps were found");
}

/// Why a recorded request or its answer does not fit the description.
fn step_problems(document: &Document, step: &Value) -> Vec<String> {
    let (Some(method), Some(target)) = (step["method"].as_str(), step["path"].as_str()) else {
        return Vec::new();
    };
    let path = format!("/{}", target.split('?').next().unwrap_or_default().trim_matches('/'));
    let Some(status) = step["expect"]["status"].as_u64() else { return Vec::new() };
    // What is compared in part is recorded in part.
    let is_partial = step.get("compare").is_some() || step.get("until").is_some();
    let Some(operation) = document.operation(method, &path).filter(|_| !is_partial) else {
        return Vec::new();
    };
    let mut problems = Vec::new();
    let Some(body) = step["expect"].get("body") else { return Vec::new() };
    if let Some(schema) =
        operation.body().filter(|_| (200..300).contains(&status) && step.get("json").is_some())
    {
        problems.extend(document.problems(schema, &step["json"], "request"));
    }
    let error = &document.0["components"]["schemas"]["ResponseError"];
    match operation.answer(status) {
        Some(schema) => problems.extend(document.problems(schema, body, "answer")),
        None if status >= 400 && body.is_object() => problems.extend(document.problems(error, body, "error")),
        None if status < 300 && operation.described["responses"][status.to_string()].is_null() => {
            problems.push(format!("{operation} has no answer {status}"));
        }
        None => {}
    }
    problems
}
