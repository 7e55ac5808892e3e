//! The stored form of stop words.

use unicode_normalization::UnicodeNormalization;

use crate::fold::{is_removed_control, recompose_swedish};

/// The form under which a stop word is stored, returned and compared.
///
/// It is decomposed (NFKD) without control characters and keeps its case: stop words are case-sensitive.
/// `å ä ö` are recomposed, so that a stop word holding one stops only text taken as Swedish.
pub fn normalize_stop_word(word: &str) -> String {
    let decomposed = word.chars().flat_map(|character| character.nfkd());
    let mut stored = String::with_capacity(word.len());
    for character in decomposed {
        match stored.pop() {
            None => stored.push(character),
            Some(last) => match recompose_swedish(last, character) {
                Some(recomposed) => stored.push(recomposed),
                None => stored.extend([last, character]),
            },
        }
    }
    stored.retain(|character| !is_removed_control(character));
    stored
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_keep_their_case_and_lose_compatibility_forms() {
        let check = |word: &str, expected: &str| assert_eq!(normalize_stop_word(word), expected);
        check("the", "the");
        check("The", "The");
        check("Überall", "U\u{308}berall");
        check("été", "e\u{301}te\u{301}");
        check("ﬁn", "fin");
        check("på", "på");
        check("a\u{30a}", "å");
        check("a\u{1}b", "ab");
        check("", "");
    }
}
