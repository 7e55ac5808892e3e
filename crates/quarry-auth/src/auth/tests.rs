//! Decisions, as a server with one master key takes them.

#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use quarry_api::index_uid::IndexUidPattern;
use quarry_error::{Code, HasCode};
use serde_json::{Value, json};
use sha2::Sha256;

use super::*;

const MASTER: &str = "a-master-key-of-some-length";

fn open(folder: &tempfile::TempDir) -> Auth {
    Auth::open(folder.path(), Some(MASTER)).unwrap()
}

fn key(actions: &[Action], indexes: &[&str]) -> Key {
    let now = OffsetDateTime::now_utc();
    Key {
        uid: Uuid::new_v4(),
        name: None,
        description: None,
        actions: actions.to_vec(),
        indexes: indexes
            .iter()
            .map(|index| IndexUidPattern::try_from((*index).to_owned()).unwrap())
            .collect(),
        expires_at: None,
        created_at: now,
        updated_at: now,
    }
}

fn sign(secret: &str, claims: Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(&claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn refused(result: Result<Permissions, AuthError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn without_master_key_everything_but_keys_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let auth = Auth::open(folder.path(), None).unwrap();
    assert!(auth.authorize(Credentials::Absent, Action::DocumentsAdd, Some("a")).is_ok());
    assert!(auth.authorize(Credentials::Token("any"), Action::Search, None).is_ok());
    let refused = |credentials| auth.authorize(credentials, Action::Search, None).unwrap_err();
    assert_eq!(refused(Credentials::Other), AuthError::MissingHeader);
    assert_eq!(refused(Credentials::Token("")), AuthError::InvalidKey);
    let error = auth.authorize(Credentials::Absent, Action::KeysGet, None).unwrap_err();
    assert_eq!(error.code(), Code::MissingMasterKey);
    assert!(auth.keys().is_empty());
}

#[test]
fn default_keys_are_made_once_and_listed_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let names = |auth: &Auth| auth.keys().iter().map(|key| key.name.clone().unwrap()).collect::<Vec<_>>();
    let first = names(&open(&folder));
    assert_eq!(
        first,
        [
            "Default Search API Key",
            "Default Admin API Key",
            "Default Read-Only Admin API Key",
            "Default Chat API Key"
        ]
    );
    assert_eq!(names(&open(&folder)), first);
}

#[test]
fn a_key_reaches_its_indexes_and_actions_only() {
    let folder = tempfile::tempdir().unwrap();
    let auth = open(&folder);
    let key = auth.create(key(&[Action::Search], &["shop_*", "a"])).unwrap();
    let token = auth.value(&key);
    let authorize = |action, index| auth.authorize(Credentials::Token(&token), action, index);
    assert!(authorize(Action::Search, Some("shop_1")).is_ok());
    assert_eq!(
        refused(authorize(Action::Search, Some("staff"))),
        "The API key cannot acces the index `staff`, authorized indexes are [\"a\", \"shop_*\"]."
    );
    assert_eq!(refused(authorize(Action::DocumentsAdd, Some("shop_1"))), "The provided API key is invalid.");
    assert_eq!(refused(authorize(Action::Version, None)), "The provided API key is invalid.");
    assert!(!authorize(Action::Search, None).unwrap().allows_index("staff"));
    assert_eq!(
        auth.authorize(Credentials::Absent, Action::Search, None).unwrap_err(),
        AuthError::MissingHeader
    );
    assert_eq!(
        auth.authorize(Credentials::Token(""), Action::Search, None).unwrap_err(),
        AuthError::InvalidKey
    );
    assert!(auth.authorize(Credentials::Token(MASTER), Action::KeysDelete, None).is_ok());
}

#[test]
fn keys_can_be_found_changed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let auth = open(&folder);
    let made = auth.create(key(&[Action::Search], &["*"])).unwrap();
    assert!(matches!(auth.create(Key::clone(&made)), Err(KeyError::AlreadyExists { .. })));
    let value = auth.value(&made);
    auth.update(&value, |key| key.name = Some("renamed".to_owned())).unwrap();
    drop(auth);
    let auth = open(&folder);
    assert_eq!(auth.key(&made.uid.to_string()).unwrap().name.as_deref(), Some("renamed"));
    auth.delete(&value).unwrap();
    assert!(matches!(auth.key(&value), Err(KeyError::NotFound { .. })));
    assert_eq!(
        auth.authorize(Credentials::Token(&value), Action::Search, None).unwrap_err(),
        AuthError::InvalidKey
    );
}

#[test]
fn a_key_for_some_indexes_has_no_global_action() {
    let folder = tempfile::tempdir().unwrap();
    let auth = open(&folder);
    let error = auth.create(key(&[Action::Search, Action::Version], &["a"])).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot create index-scoped API key with global action `\"version\"`\n")
    );
    assert!(auth.create(key(&[Action::Version], &["a", "*"])).is_ok());
    assert!(auth.create(key(&[Action::Version], &[])).is_ok());
}

#[test]
fn an_expired_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let auth = open(&folder);
    let mut expired = key(&[Action::Search], &["*"]);
    expired.expires_at = Some(OffsetDateTime::now_utc() - time::Duration::seconds(1));
    let key = auth.create(expired).unwrap();
    assert_eq!(
        auth.authorize(Credentials::Token(&auth.value(&key)), Action::Search, None).unwrap_err(),
        AuthError::InvalidKey
    );
}

#[test]
fn tenant_tokens_narrow_their_key() {
    let folder = tempfile::tempdir().unwrap();
    let auth = open(&folder);
    let key = auth.create(key(&[Action::Search], &["tool*"])).unwrap();
    let secret = auth.value(&key);
    let authorize = |claims: Value, index| {
        auth.authorize(Credentials::Token(&sign(&secret, claims)), Action::Search, Some(index))
    };
    let rules = |rules: Value| json!({"apiKeyUid": key.uid, "searchRules": rules});

    let permissions = authorize(rules(json!({"tools": {"filter": "user = 1"}})), "tools").unwrap();
    assert_eq!(permissions.search_rule("tools").unwrap().filter, Some(&json!("user = 1")));
    assert_eq!(
        refused(authorize(rules(json!(["tools"])), "private")),
        "The provided tenant token cannot acces the index `private`, allowed indexes are [\"tools\"]."
    );
    assert_eq!(
        refused(authorize(rules(json!(["*"])), "private")),
        "The API key used to generate this tenant token cannot acces the index `private`."
    );
    assert_eq!(
        refused(auth.authorize(
            Credentials::Token(&sign(MASTER, rules(json!(["*"])))),
            Action::Search,
            Some("tools")
        )),
        "Could not decode tenant token, InvalidSignature."
    );
    assert_eq!(
        refused(authorize(json!({"searchRules": ["*"]}), "tools")),
        "Could not decode tenant token, JSON error: missing field `apiKeyUid` at line 1 column 21."
    );
    let expired = json!({"apiKeyUid": key.uid, "searchRules": ["*"], "exp": 1_600_000_000});
    assert!(
        refused(authorize(expired, "tools"))
            .starts_with("Tenant token expired. Was valid up to `1600000000`")
    );
    let token = sign(&secret, rules(json!(["*"])));
    assert_eq!(
        auth.authorize(Credentials::Token(&token), Action::DocumentsGet, None).unwrap_err(),
        AuthError::InvalidKey
    );
}
