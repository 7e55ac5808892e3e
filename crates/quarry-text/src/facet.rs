//! The form under which facet strings are compared, sorted and looked up.

use unicode_normalization::UnicodeNormalization;

/// Longest facet-normalised string, in bytes: what fits in a database key beside the rest of the key.
pub const FACET_VALUE_BYTES_MAX: usize = 468;

/// Trims, decomposes (NFKD) and lower-cases a facet value, then cuts it at a character boundary.
///
/// Combining accents stay: `é` and `e` are different facet values.
/// The result has at most [`FACET_VALUE_BYTES_MAX`] bytes.
pub fn normalize_facet(value: &str) -> String {
    let mut normalized = normalize_facet_uncut(value);
    let cut =
        (0..=FACET_VALUE_BYTES_MAX.min(normalized.len())).rev().find(|at| normalized.is_char_boundary(*at));
    normalized.truncate(cut.unwrap_or(0));
    normalized
}

/// As [`normalize_facet`], whatever the length: what a filter compares stored values with. A longer text
/// than is ever stored equals none.
pub fn normalize_facet_uncut(value: &str) -> String {
    let trimmed = value.trim();
    if trimmed.is_ascii() {
        trimmed.to_ascii_lowercase()
    } else {
        trimmed.nfkd().collect::<String>().to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facet_values_are_trimmed_decomposed_and_lower_cased() {
        let check = |value: &str, expected: &str| assert_eq!(normalize_facet(value), expected);
        check("  Action ", "action");
        check("ÉTÉ", "e\u{301}te\u{301}");
        check("ﬁN", "fin");
        check("Ｑ", "q");
        check("", "");
    }

    #[test]
    fn long_facet_values_are_cut_between_characters() {
        assert_eq!(normalize_facet(&"a".repeat(500)).len(), 468);
        let cut = normalize_facet(&("a".to_string() + &"я".repeat(400)));
        assert_eq!(cut.len(), 467);
        assert!(cut.ends_with('я'));
    }
}
