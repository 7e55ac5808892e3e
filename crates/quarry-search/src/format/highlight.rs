//! A text with its matches between tags and marks where it was cropped.

use std::ops::Range;

use super::matcher::Match;

/// What is put into a text. Nothing is escaped.
#[derive(Debug, Clone)]
pub(crate) struct Tags {
    /// Before a match.
    pub before_match: String,
    /// After a match.
    pub after_match: String,
    /// Where text was cut.
    pub crop_marker: String,
}

/// The part `window` (bytes) of a text, the parts of `matches` inside it between tags.
pub(crate) fn highlighted(text: &str, window: Range<usize>, matches: &[Match], tags: &Tags) -> String {
    let mut shown = String::with_capacity(window.len() + 2 * tags.crop_marker.len());
    if window.start > 0 {
        shown.push_str(&tags.crop_marker);
    }
    let mut at = window.start;
    for found in matches {
        let (start, end) = (found.bytes.start.max(window.start), found.bytes.end.min(window.end));
        if start >= end {
            continue;
        }
        shown.push_str(&text[at..start]);
        shown.push_str(&tags.before_match);
        shown.push_str(&text[start..end]);
        shown.push_str(&tags.after_match);
        at = end;
    }
    shown.push_str(&text[at..window.end]);
    if window.end < text.len() {
        shown.push_str(&tags.crop_marker);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::matcher::tests::{matcher, tokens};
    use super::*;

    fn check(text: &str, terms: &[&str], window: Range<usize>, expected: &str) {
        let tags = Tags { before_match: "<".into(), after_match: ">".into(), crop_marker: "…".into() };
        let matches = matcher(terms).matches(&tokens(text));
        assert_eq!(highlighted(text, window, &matches, &tags), expected);
    }

    #[test]
    fn tags_around_the_original() {
        check("Été: l'été", &["ete*"], 0..14, "<Été>: l'<été>");
        check("<b>bold</b>", &["x"], 0..11, "<b>bold</b>");
        check("New. York", &["new york"], 0..9, "<New. York>");
    }

    #[test]
    fn crossing_matches_are_cut() {
        check("a new york b", &["new york"], 0..5, "a <new>…");
        check("a new york b", &["new york"], 6..12, "…<york> b");
        check("a b c", &["a", "c"], 2..3, "…b…");
    }
}
