//! Secrets as they may be shown.

/// The beginning of a secret, enough to recognise it, then crosses.
///
/// How much is shown follows from the length in bytes: nothing under 10, 2 characters under 20, 3
/// under 30, else 5.
pub fn redact(secret: &str) -> String {
    let (shown, crosses) = match secret.len() {
        0..10 => (0, "XXX..."),
        10..20 => (2, "XXXX..."),
        20..30 => (3, "XXXXX..."),
        _ => (5, "XXXXXX..."),
    };
    secret.chars().take(shown).chain(crosses.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_secrets_show_more() {
        assert_eq!(redact("short"), "XXX...");
        assert_eq!(redact("k-1234567890"), "k-XXXX...");
        assert_eq!(redact("aaaaaaaaaaaaaaaaaaaaa"), "aaaXXXXX...");
        assert_eq!(redact(&"b".repeat(64)), "bbbbbXXXXXX...");
    }
}
