//! Tests of the tokenizer.
//!
//! The oracle is the segmentation library's own tokenizer, slow and complete. Ours must agree wherever both
//! know the script; the differences on purpose are tested on their own.
#![allow(clippy::unwrap_used)]

mod languages;
mod oracle;
mod settings;

use super::*;

/// Lemma and kind of each token of `text`.
fn lemmas(options: &TokenizerOptions, locales: &[Language], text: &str) -> Vec<(String, TokenKind)> {
    let tokenizer = Tokenizer::new(options);
    let mut tokens = Vec::new();
    tokenizer.for_each_token(text, locales, &mut Scratch::default(), |token| {
        tokens.push((token.lemma.to_owned(), token.kind));
    });
    tokens
}

/// The lemmas of the words of `text`, with default settings, joined by `|`.
fn words(locales: &[Language], text: &str) -> String {
    let tokens = lemmas(&TokenizerOptions::default(), locales, text);
    let words = tokens.into_iter().filter(|(_, kind)| !kind.is_separator()).map(|(lemma, _)| lemma);
    words.collect::<Vec<_>>().join("|")
}

#[test]
fn equal_options_share_a_tokenizer() {
    let options =
        |word: &str| TokenizerOptions { dictionary: vec![word.to_owned()], ..TokenizerOptions::default() };
    let first = Tokenizer::shared(options("shared"));
    assert!(Arc::ptr_eq(&first, &Tokenizer::shared(options("shared"))));
    assert!(!Arc::ptr_eq(&first, &Tokenizer::shared(options("other"))));
    let left = Arc::downgrade(&first);
    drop(first);
    assert!(left.upgrade().is_none(), "nobody uses it any more");
}
