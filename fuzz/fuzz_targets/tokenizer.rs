//! Any text, under settings made of pieces of itself: tokens cover the text and lie on characters.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::pieces::line;
use quarry_text::{
    FieldPositions, LOCALES_BODY_ORDER, Language, Scratch, Tokenizer, TokenizerOptions, normalize_facet,
    normalize_stop_word,
};

fuzz_target!(|input: &str| {
    let (options, text) = line(input);
    let is_plain = options.is_empty();
    let words = || options.split(',').filter(|word| !word.is_empty()).map(str::to_owned);
    let options = TokenizerOptions {
        stop_words: words().step_by(4).map(|word| normalize_stop_word(&word)).collect(),
        separators: words().skip(1).step_by(4).collect(),
        non_separators: words().skip(2).step_by(4).collect(),
        dictionary: words().skip(3).step_by(4).collect(),
    };
    // Building one takes longer than most texts.
    static PLAIN: LazyLock<Tokenizer> = LazyLock::new(|| Tokenizer::new(&TokenizerOptions::default()));
    let special = (!is_plain).then(|| Tokenizer::new(&options));
    let tokenizer = special.as_ref().unwrap_or(&PLAIN);
    let language = LOCALES_BODY_ORDER.get(text.len() % 256).and_then(|code| Language::parse_locale(code));
    let locales: Vec<Language> = language.into_iter().collect();
    let mut at = 0;
    tokenizer.for_each_token(text, &locales, &mut Scratch::default(), |token| {
        assert_eq!(token.byte_start, at, "tokens leave no gap");
        assert!(text.get(token.byte_start..token.byte_end).is_some(), "a token cuts a character");
        at = token.byte_end;
    });
    assert_eq!(at, text.len(), "tokens cover the text");
    for token in tokenizer.tokens(text, &locales) {
        for chars in 0..=token.lemma.chars().count().min(20) {
            let bytes = token.original_bytes_of_lemma_chars(chars);
            assert!(
                text.get(token.byte_start..token.byte_start + bytes).is_some(),
                "a highlight cuts a character"
            );
        }
    }
    let (mut positions, mut last) = (FieldPositions::new(), 0);
    for _ in 0..2 {
        positions.value(tokenizer, text, &locales, &mut Scratch::default(), |position, word| {
            assert!(position >= last && !word.is_empty());
            last = position;
        });
    }
    normalize_facet(text);
});
