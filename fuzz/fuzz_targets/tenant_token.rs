//! Bearer tokens: any text, and tokens with a true signature over any claims. None may search an index that its
//! key or its rules do not name.
#![no_main]

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use quarry_api::action::Action;
use quarry_auth::{Auth, Credentials};
use quarry_fuzz::pieces::line;
use sha2::Sha256;
use tempfile::TempDir;

static AUTH: LazyLock<(Auth, TempDir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let auth = Auth::open(folder.path(), Some("a master key of sixteen bytes")).expect("keys can be made");
    (auth, folder)
});

fuzz_target!(|input: &str| {
    let auth = &AUTH.0;
    assert!(auth.authorize(Credentials::Token(input), Action::DocumentsAdd, Some("films")).is_err());
    assert!(auth.authorize(Credentials::Token(input), Action::Search, Some("films")).is_err());
    let (header, claims) = line(input);
    let keys = auth.keys();
    let key = keys
        .iter()
        .find(|key| {
            auth.authorize(Credentials::Token(&auth.value(key)), Action::Search, Some("films")).is_ok()
        })
        .expect("one of the default keys may search");
    let claims = claims.replace("KEY", &key.uid.to_string());
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(&claims));
    let mut mac =
        Hmac::<Sha256>::new_from_slice(auth.value(key).as_bytes()).expect("HMAC takes keys of every length");
    mac.update(signed.as_bytes());
    let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
    for action in [Action::DocumentsAdd, Action::KeysGet, Action::TasksGet] {
        assert!(
            auth.authorize(Credentials::Token(&token), action, Some("films")).is_err(),
            "a token may only search"
        );
    }
    if let Ok(permissions) = auth.authorize(Credentials::Token(&token), Action::Search, Some("films")) {
        assert!(permissions.allows_index("films"));
        permissions.search_rule("films");
        assert!(claims.contains("films") || claims.contains('*'), "{claims} lets films through");
    }
    let unsigned = format!("{signed}.");
    assert!(auth.authorize(Credentials::Token(&unsigned), Action::Search, Some("films")).is_err());
});
