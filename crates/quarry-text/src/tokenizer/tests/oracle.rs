//! Our tokens against those of the segmentation library.

use charabia::{Script, SeparatorKind, TokenizerBuilder};
use proptest::prelude::*;

use super::*;
use crate::language::to_library;

/// A token to compare: lemma, kind, bytes, and the original bytes of the first 1, 2, ... lemma characters.
type Compared = (String, TokenKind, usize, usize, Vec<usize>);

fn kind_of(kind: charabia::TokenKind) -> TokenKind {
    match kind {
        charabia::TokenKind::Word | charabia::TokenKind::Unknown => TokenKind::Word,
        charabia::TokenKind::StopWord => TokenKind::StopWord,
        charabia::TokenKind::Separator(SeparatorKind::Hard) => TokenKind::SeparatorHard,
        charabia::TokenKind::Separator(SeparatorKind::Soft) => TokenKind::SeparatorSoft,
    }
}

/// Byte ends of the characters of a lemma.
fn character_ends(lemma: &str) -> impl Iterator<Item = usize> {
    lemma.char_indices().map(|(start, character)| start + character.len_utf8())
}

fn by_library(
    options: &TokenizerOptions,
    locales: &[Language],
    text: &str,
    purpose: Purpose,
) -> Vec<Compared> {
    let vocabulary = Vocabulary::new(options);
    let separators: Vec<&str> = vocabulary.separators.iter().map(String::as_str).collect();
    let dictionary: Vec<&str> = options.dictionary.iter().map(String::as_str).collect();
    let stop_words = fst::Set::from_iter(options.stop_words.iter()).unwrap();
    let mut builder = TokenizerBuilder::new();
    builder.separators(&separators).words_dict(&dictionary);
    match purpose {
        Purpose::Index => builder.stop_words(&stop_words),
        Purpose::Display => builder.create_char_map(true),
    };
    let tokenizer = builder.build();
    let allowed: Vec<charabia::Language> = locales.iter().map(|locale| to_library(*locale)).collect();
    let allowed = (!allowed.is_empty()).then_some(allowed.as_slice());
    let compared = |token: charabia::Token<'_>| {
        let lemma = token.lemma().to_owned();
        let links = match purpose {
            Purpose::Index => Vec::new(),
            Purpose::Display => character_ends(&lemma).map(|end| token.original_lengths(end).1).collect(),
        };
        (lemma, kind_of(token.kind()), token.byte_start, token.byte_end, links)
    };
    tokenizer.tokenize_with_allow_list(text, allowed).map(compared).collect()
}

fn by_us(options: &TokenizerOptions, locales: &[Language], text: &str, purpose: Purpose) -> Vec<Compared> {
    let tokenizer = Tokenizer::new(options);
    if purpose == Purpose::Display {
        let compared = |token: OwnedToken| {
            let characters = 1..=token.lemma.chars().count();
            let links = characters.map(|count| token.original_bytes_of_lemma_chars(count)).collect();
            (token.lemma, token.kind, token.byte_start, token.byte_end, links)
        };
        return tokenizer.tokens(text, locales).into_iter().map(compared).collect();
    }
    let mut tokens = Vec::new();
    tokenizer.for_each_token(text, locales, &mut Scratch::default(), |token| {
        let Token { lemma, kind, byte_start, byte_end } = token;
        tokens.push((lemma.to_owned(), kind, byte_start, byte_end, Vec::new()));
    });
    tokens
}

#[track_caller]
fn check(options: &TokenizerOptions, locales: &[Language], text: &str) {
    for purpose in [Purpose::Index, Purpose::Display] {
        let (ours, theirs) =
            (by_us(options, locales, text, purpose), by_library(options, locales, text, purpose));
        assert_eq!(ours, theirs, "{text:?} with {locales:?}");
    }
}

fn strings(strings: &[&str]) -> Vec<String> {
    strings.iter().map(|string| string.to_string()).collect()
}

fn custom() -> TokenizerOptions {
    TokenizerOptions {
        stop_words: ["the", "The", "e\u{301}t", "and", "я", "ab", "år", "и\u{306}"].map(String::from).into(),
        separators: strings(&["|", "<br>", "ab", "==", "é"]),
        non_separators: strings(&["_", "#", "."]),
        dictionary: strings(&["J. R. R.", "C++", "été", "ba", "..."]),
    }
}

/// Whether a character is of a script that we cut or rewrite on our own: kana, Hangul, full-width forms.
fn is_ours_alone(character: char) -> bool {
    Script::from(character) == Script::Hangul || matches!(character, '\u{3040}'..='\u{30ff}')
}

/// Pieces of text of every script that we treat as the library does, and of what meets special rules.
fn fragment() -> impl Strategy<Value = String> {
    let sequences = vec![". ", ", ", "...", "<br>", "==", "C++", "J. R. R.", "the", "The", "and", "år"];
    prop_oneof![
        6 => "[a-z]{1,8}",
        3 => "[A-Za-z0-9$<=>^~]{1,6}",
        3 => "[0-9]{1,3}",
        4 => Just(" ".to_string()),
        3 => r"[ -/:-@\[-`{-~]{1,3}",
        2 => prop::sample::select(sequences).prop_map(String::from),
        3 => "[à-öø-ÿÀ-ÖØ-ÞœŒæÆłđĐðıİřşăǅŉŧ]{1,4}",
        1 => "[a-zA-Z]{0,3}[\u{300}-\u{30c}\u{327}]{1,2}",
        1 => "[\u{80}-\u{bf}×÷]{1,2}",
        1 => "[\u{2010}-\u{2044}\u{2100}-\u{214f}½²₃№™…’‘“”\u{a0}\u{200b}\u{feff}]{1,2}",
        1 => "[\u{0}-\u{1f}\u{7f}]{1,2}",
        2 => "[а-яА-ЯёЁйЙіїґ]{1,6}",
        2 => "[α-ωΑ-ΩάέίϊΐόύώΆςϲ]{1,6}",
        1 => "[א-ת\u{5b0}-\u{5bd}]{1,5}",
        1 => "[ა-ჰԱ-Ֆա-և]{1,5}",
        1 => "[अ-हा-्०-९]{1,5}",
        1 => "[ก-ฮะ-ูเ-์]{1,8}",
        1 => "[ក-ឳា-្]{1,8}",
        1 => "[ء-يً-ْـٱپچژگکی۰-۹،؟\u{200c}]{1,8}",
        1 => "[一-三上海博物館馆圖書的大学国愛爱]{1,5}",
        1 => any::<char>().prop_map(String::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(fragment(), 0..12).prop_map(|fragments| {
        let text = fragments.concat();
        text.chars().filter(|character| !is_ours_alone(*character)).collect()
    })
}

fn ascii_text() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        4 => "[a-zA-Z]{1,6}",
        2 => Just(" ".to_string()),
        1 => "[\u{0}-\u{7f}]{0,4}",
        1 => prop::sample::select(vec![". ", ", ", "the", "ab", "<br>"]).prop_map(String::from),
    ];
    prop::collection::vec(fragment, 0..12).prop_map(|fragments| fragments.concat())
}

/// Allowed languages. A list of several has Chinese, without which Chinese characters are taken as Japanese.
fn locales() -> impl Strategy<Value = Vec<Language>> {
    prop_oneof![
        4 => Just(vec![]),
        1 => Just(vec![Language::English]),
        1 => Just(vec![Language::German]),
        1 => Just(vec![Language::Swedish]),
        1 => Just(vec![Language::Persian]),
        1 => Just(vec![Language::Chinese]),
        1 => Just(vec![Language::Arabic, Language::Persian, Language::Mandarin]),
        1 => Just(vec![Language::English, Language::French, Language::Chinese]),
        1 => Just(vec![Language::German, Language::English, Language::Swedish, Language::Chinese]),
    ]
}

/// A Swedish letter with one mark above and one below (`A` with ring and cedilla): ours and the library's differ in
/// whether the mark above is still part of the letter. No language writes this.
fn has_marks_below_in_swedish(text: &str, locales: &[Language]) -> bool {
    locales.contains(&Language::Swedish) && text.chars().any(|mark| ('\u{316}'..='\u{333}').contains(&mark))
}

proptest! {
    #[test]
    fn default_settings_agree_with_the_library(text in text(), locales in locales()) {
        prop_assume!(!has_marks_below_in_swedish(&text, &locales));
        check(&TokenizerOptions::default(), &locales, &text);
    }

    #[test]
    fn custom_settings_agree_with_the_library(text in text(), locales in locales()) {
        prop_assume!(!has_marks_below_in_swedish(&text, &locales));
        check(&custom(), &locales, &text);
    }

    #[test]
    fn ascii_agrees_with_the_library(text in ascii_text()) {
        check(&TokenizerOptions::default(), &[], &text);
        check(&custom(), &[], &text);
    }

    #[test]
    fn tokens_cover_any_text(text in any::<String>()) {
        let mut end = 0;
        for (_, _, byte_start, byte_end, links) in by_us(&custom(), &[], &text, Purpose::Display) {
            prop_assert_eq!(byte_start, end);
            end = byte_end;
            for original_bytes in links {
                prop_assert!(original_bytes <= byte_end - byte_start);
                prop_assert!(text.is_char_boundary(byte_start + original_bytes));
            }
        }
        prop_assert_eq!(end, text.len());
    }
}
