//! Changes of settings: as a body, as a task keeps them, applied to an index. What is stored can be read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_api::features::Features;
use quarry_api::query_string::from_json;
use quarry_api::settings::{ROUTES, Settings as SettingsBody};
use quarry_error::marker::BadRequest;
use quarry_index::{Settings, SettingsUpdate};
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Ok(body) = serde_json::from_slice::<Value>(input) else { return };
    for route in ROUTES {
        let _ = route.parse(body.clone());
    }
    let Ok(sent) = from_json::<SettingsBody, BadRequest>(body) else { return };
    let is_valid = sent.validate(&Features::default()).is_ok();
    let Ok(update) = serde_json::from_value::<SettingsUpdate>(Value::Object(sent.to_json())) else {
        assert!(!is_valid, "a valid body {sent:?} is no change of settings");
        return;
    };
    let kept = serde_json::to_string(&update).expect("a change can be written");
    assert_eq!(serde_json::from_str::<SettingsUpdate>(&kept).expect("it can be read again"), update);
    let Ok((after, _)) = Settings::default().apply(&update) else { return };
    let stored = serde_json::to_string(&after).expect("settings can be written");
    assert_eq!(serde_json::from_str::<Settings>(&stored).expect("they can be read again"), after);
    after.to_json(true, true);
    after.tokenizer().tokens("Some text, ein Text; 東京", &[]);
});
