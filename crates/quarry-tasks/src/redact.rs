//! Hides secrets in what is shown, leaving enough to tell one from another.

use serde_json::{Map, Value};

/// `secret` with its end hidden. How much stays depends on its length in bytes.
pub fn redacted(secret: &str) -> String {
    let (kept, mask) = match secret.len() {
        0..10 => (0, "XXX..."),
        10..20 => (2, "XXXX..."),
        20..30 => (3, "XXXXX..."),
        _ => (5, "XXXXXX..."),
    };
    secret.chars().take(kept).chain(mask.chars()).collect()
}

/// Hides the keys of the embedders in `settings`, those nested in composite embedders included.
pub(crate) fn redact_settings(settings: &mut Map<String, Value>) {
    if let Some(Value::Object(embedders)) = settings.get_mut("embedders") {
        embedders.values_mut().for_each(redact_api_keys);
    }
}

fn redact_api_keys(embedder: &mut Value) {
    let Value::Object(fields) = embedder else { return };
    for (name, value) in fields.iter_mut() {
        match value {
            Value::String(secret) if name == "apiKey" => *secret = redacted(secret),
            Value::Object(_) if name == "searchEmbedder" || name == "indexingEmbedder" => {
                redact_api_keys(value);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn longer_secrets_show_more() {
        for (secret, expected) in [
            ("", "XXX..."),
            ("123456789", "XXX..."),
            ("1234567890", "12XXXX..."),
            ("12345678901234567890", "123XXXXX..."),
            ("123456789012345678901234567890", "12345XXXXXX..."),
        ] {
            assert_eq!(redacted(secret), expected, "{secret}");
        }
    }

    #[test]
    fn keys_of_embedders_are_hidden() {
        let mut settings: Map<String, Value> = serde_json::from_str(
            r#"{"embedders":{"a":{"apiKey":"short"},"b":null,"c":{"searchEmbedder":{"apiKey":"1234567890"}}},
                "stopWords":["apiKey"]}"#,
        )
        .unwrap();
        redact_settings(&mut settings);
        assert_eq!(
            Value::Object(settings).to_string(),
            "{\"embedders\":{\"a\":{\"apiKey\":\"XXX...\"},\"b\":null,\
             \"c\":{\"searchEmbedder\":{\"apiKey\":\"12XXXX...\"}}},\"stopWords\":[\"apiKey\"]}"
        );
    }
}
