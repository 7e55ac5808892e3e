//! The published description of the API: `GET /openapi.json`.
//!
//! Paths, methods and the actions of keys come from the route table. What each route takes and answers comes
//! from `contract.json`, the contract that this server keeps, and `amendments.json`, where the contract says
//! less than what clients get (a merge patch, RFC 7396). `tests/http/openapi` compares both with what the
//! server takes and with the recorded answers.

use quarry_api::action::Action;
use serde_json::{Map, Value, json};

const CONTRACT: &str = include_str!("contract.json");
const AMENDMENTS: &str = include_str!("amendments.json");

/// One line of the route table.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// In lower case.
    pub(crate) method: &'static str,
    /// With parameters in braces.
    pub(crate) path: String,
    /// What a key needs; `None` when everybody may use the route.
    pub(crate) action: Option<Action>,
}

/// The description of the routes of a server, as text.
pub(crate) fn document(routes: &[Route]) -> String {
    let mut document: Value = serde_json::from_str(CONTRACT).expect("the contract is JSON, a test reads it");
    let amendments = serde_json::from_str(AMENDMENTS).expect("the amendments are JSON, a test reads them");
    merge(&mut document, amendments);
    let described = document["paths"].take();
    let mut paths = Map::new();
    for Route { method, path, action } in routes {
        let mut operation = match &described[path][method] {
            Value::Object(operation) => operation.clone(),
            // Bare, so that nobody believes that the route does not exist.
            _ => Map::new(),
        };
        operation.insert("security".to_owned(), security(*action));
        paths.entry(path).or_insert_with(|| json!({}))[*method] = Value::Object(operation);
    }
    document["paths"] = Value::Object(paths);
    document.to_string()
}

/// Every action that lets a key use a route.
fn security(action: Option<Action>) -> Value {
    let Some(wanted) = action else { return json!([]) };
    let sufficient = Action::ALL.iter().filter(|held| held.allows(wanted));
    json!([{"Bearer": sufficient.map(|held| held.name()).collect::<Vec<_>>()}])
}

/// Applies a merge patch: objects are merged key by key, `null` removes, all else replaces.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        if value.is_null() {
            target.shift_remove(&key);
        } else {
            merge(target.entry(key).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_merge_remove_and_replace() {
        let check = |mut target: Value, patch: Value, expected: Value| {
            merge(&mut target, patch);
            assert_eq!(target, expected);
        };
        check(
            json!({"a": {"b": 1, "c": 2}}),
            json!({"a": {"b": null, "d": 3}}),
            json!({"a": {"c": 2, "d": 3}}),
        );
        check(json!({"a": [1]}), json!({"a": {"b": {"c": null}}}), json!({"a": {"b": {}}}));
        check(json!({"a": {"b": 1}}), json!({"a": [2]}), json!({"a": [2]}));
    }

    #[test]
    fn groups_of_actions_are_named_too() {
        assert_eq!(security(None), json!([]));
        assert_eq!(
            security(Some(Action::TasksGet)),
            json!([{"Bearer": ["*", "tasks.*", "tasks.get", "*.get"]}])
        );
    }
}
