//! A text with its matches between tags and marks where it was cropped.

use std::cell::Cell;
use std::ops::Range;

use super::matcher::Match;

/// What is put into the texts of an answer. Nothing is escaped.
///
/// Tags come once per match and are as long as the request makes them, so that a short request and a small document
/// could give an answer of gigabytes. Once they have added as many bytes as they may, texts are shown without.
#[derive(Debug, Clone)]
pub(crate) struct Tags {
    /// Before a match.
    pub before_match: String,
    /// After a match.
    pub after_match: String,
    /// Where text was cut.
    pub crop_marker: String,
    /// How much all of them may still add.
    pub bytes_left: Cell<usize>,
}

impl Tags {
    /// Whether `bytes` more may be added, which counts them.
    fn may_add(&self, bytes: usize) -> bool {
        let left = self.bytes_left.get().checked_sub(bytes);
        self.bytes_left.set(left.unwrap_or(0));
        left.is_some()
    }

    fn add_crop_marker(&self, shown: &mut String) {
        if self.may_add(self.crop_marker.len()) {
            shown.push_str(&self.crop_marker);
        }
    }
}

/// The part `window` (bytes) of a text, the parts of `matches` inside it between tags.
pub(crate) fn highlighted(text: &str, window: Range<usize>, matches: &[Match], tags: &Tags) -> String {
    let mut shown = String::with_capacity(window.len());
    if window.start > 0 {
        tags.add_crop_marker(&mut shown);
    }
    let match_bytes = tags.before_match.len() + tags.after_match.len();
    let mut at = window.start;
    for found in matches {
        let (start, end) = (found.bytes.start.max(window.start), found.bytes.end.min(window.end));
        if start >= end {
            continue;
        }
        if !tags.may_add(match_bytes) {
            break;
        }
        shown.push_str(&text[at..start]);
        shown.push_str(&tags.before_match);
        shown.push_str(&text[start..end]);
        shown.push_str(&tags.after_match);
        at = end;
    }
    shown.push_str(&text[at..window.end]);
    if window.end < text.len() {
        tags.add_crop_marker(&mut shown);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::matcher::tests::{matcher, tokens};
    use super::*;

    fn check(text: &str, terms: &[&str], window: Range<usize>, expected: &str) {
        check_at_most(usize::MAX, text, terms, window, expected);
    }

    fn check_at_most(bytes: usize, text: &str, terms: &[&str], window: Range<usize>, expected: &str) {
        let tags = Tags {
            before_match: "<".into(),
            after_match: ">".into(),
            crop_marker: "…".into(),
            bytes_left: Cell::new(bytes),
        };
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
    fn texts_without_tags_when_they_add_too_much() {
        check_at_most(8, "a b a b a", &["a"], 2..7, "…b <a> b…");
        check_at_most(7, "a b a b a", &["a"], 2..7, "…b <a> b");
        check_at_most(4, "a b a b a", &["a"], 2..7, "…b a b");
        check_at_most(2, "a b a b a", &["a"], 2..7, "b a b");
        check_at_most(4, "a a a", &["a"], 0..5, "<a> <a> a");
    }

    #[test]
    fn crossing_matches_are_cut() {
        check("a new york b", &["new york"], 0..5, "a <new>…");
        check("a new york b", &["new york"], 6..12, "…<york> b");
        check("a b c", &["a", "c"], 2..3, "…b…");
    }
}
