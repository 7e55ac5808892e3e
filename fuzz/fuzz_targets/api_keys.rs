//! Stored API keys of any bytes: the store opens and answers, or says that it is damaged.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quarry_api::action::Action;
use quarry_auth::{Auth, Credentials};
use quarry_fuzz::at_rest::{AtRest, change_entries};
use quarry_fuzz::pieces::Pieces;

const MASTER_KEY: Option<&str> = Some("a master key of sixteen bytes");

static KEYS: LazyLock<AtRest> =
    LazyLock::new(|| AtRest::after(|folder| drop(Auth::open(folder, MASTER_KEY).expect("keys can be made"))));

fuzz_target!(|input: &[u8]| {
    let folder = KEYS.restored();
    change_entries(folder, ["api-keys"], Pieces::of(input));
    let Ok(auth) = Auth::open(folder, MASTER_KEY) else { return };
    for key in auth.keys() {
        let value = auth.value(&key);
        let _ = auth.authorize(Credentials::Token(&value), Action::Search, Some("films"));
        auth.update(&value, |key| key.name = None).expect("a key that was read can be changed");
        auth.delete(&key.uid.to_string()).expect("a key that was read can be deleted");
    }
    assert!(auth.keys().is_empty(), "a deleted key is still there");
});
