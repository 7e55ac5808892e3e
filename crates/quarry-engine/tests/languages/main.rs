//! In every language, a word from the middle of a document finds it, if the settings name the language. Without, a short
//! query may be taken for another language than its document: words of Chinese characters in Japanese, numbers in
//! Persian.
//!
//! A few sentences of the tree always run. `cargo xtask languages --data FOLDER` runs more: 200 documents per language
//! of `multilingual.ndjson.gz` in that folder (lines with `lang` and `text`), which `QUARRY_DATA` names too.
#![allow(clippy::unwrap_used)]

mod sample;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use quarry_engine::{Engine, Method, PayloadFormat, SearchRequest};
use quarry_search::Pagination;
use quarry_text::{Language, TokenKind, Tokenizer, TokenizerOptions};
use serde_json::{Value, json};

const DOCUMENTS: usize = 200;

/// Where no language is named, so many of a hundred must be found all the same.
const FOUND_PERCENT_MIN: usize = 90;

/// Languages that put no space between words.
const WITHOUT_SPACES: &[&str] = &["zh-Hans", "zh-Hant", "ja", "th", "km"];

/// Code of a language in settings.
fn locale(language: &str) -> &str {
    match language {
        "zh-Hans" | "zh-Hant" => "zh",
        other => other,
    }
}

/// The word nearest to the middle.
fn middle_word(language: &str, text: &str, localized: bool) -> Option<String> {
    let words: Vec<&str> = if WITHOUT_SPACES.contains(&language) {
        let tokenizer = Tokenizer::new(&TokenizerOptions::default());
        let locales: Vec<Language> =
            Language::parse_locale(locale(language)).filter(|_| localized).into_iter().collect();
        let tokens = tokenizer.tokens(text, &locales);
        let words = tokens.iter().filter(|token| token.kind == TokenKind::Word);
        words.map(|token| &text[token.byte_start..token.byte_end]).collect()
    } else {
        // A no-break space is no separator: it is part of the word beside it.
        let is_mark = |c: char| c.is_ascii_punctuation() || "“”„‘’«»…–—।،؟؛".contains(c);
        text.split(' ')
            .map(|word| word.trim_matches(is_mark))
            .filter(|word| word.contains(char::is_alphanumeric))
            .collect()
    };
    words.get(words.len() / 2).map(|word| (*word).to_owned())
}

/// Words that do not find the document they are from.
fn missed(language: &str, texts: &[String], localized: bool) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    if localized {
        let rules = json!([{ "attributePatterns": ["*"], "locales": [locale(language)] }]);
        let settings = json!({ "localizedAttributes": rules });
        engine.update_settings(&serde_json::from_value(settings).unwrap()).unwrap();
    }
    let lines = texts.iter().enumerate().map(|(id, text)| json!({ "id": id, "text": text }).to_string());
    let lines: Vec<String> = lines.collect();
    engine
        .write_documents(PayloadFormat::Ndjson, lines.join("\n").as_bytes(), Method::Replace, Some("id"))
        .unwrap();
    let is_missed = |id: usize, word: &str| {
        let request = SearchRequest {
            query: Some(word.to_owned()),
            pagination: Pagination::Offset { offset: 0, limit: texts.len() },
            ..SearchRequest::default()
        };
        let result = engine.search(&request).unwrap();
        result.hits.iter().all(|hit| hit.content.document["id"] != id)
    };
    let words = texts.iter().enumerate().filter_map(|(id, text)| {
        let word = middle_word(language, text, localized)?;
        is_missed(id, &word).then(|| format!("{word}: {text}"))
    });
    words.collect()
}

#[test]
fn a_word_finds_its_sentence() {
    for (language, sentences) in sample::SENTENCES {
        let texts: Vec<String> = sentences.iter().map(|text| (*text).to_owned()).collect();
        for localized in [false, true] {
            assert_eq!(missed(language, &texts, localized), [""; 0], "{language}, localized: {localized}");
        }
    }
}

fn texts_by_language(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let file = File::open(folder.join("multilingual.ndjson.gz")).unwrap();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in BufReader::new(flate2::read::GzDecoder::new(file)).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let of_language = texts.entry(line["lang"].as_str().unwrap().to_owned()).or_default();
        if of_language.len() < DOCUMENTS {
            of_language.push(line["text"].as_str().unwrap().to_owned());
        }
    }
    texts
}

#[test]
fn a_word_finds_its_document() {
    let Some(folder) = std::env::var_os("QUARRY_DATA") else {
        println!("SKIPPED: QUARRY_DATA names no folder with multilingual.ndjson.gz");
        return;
    };
    let mut failures = Vec::new();
    for (language, texts) in texts_by_language(Path::new(&folder)) {
        for localized in [true, false] {
            let missed = missed(&language, &texts, localized);
            let named = if localized { "its language named" } else { "no language named" };
            println!("{language}, {named}: {} of {}", texts.len() - missed.len(), texts.len());
            missed.iter().take(5).for_each(|missed| println!("    {missed}"));
            let percent_min = if localized { 100 } else { FOUND_PERCENT_MIN };
            if missed.len() * 100 > texts.len() * (100 - percent_min) {
                failures.push(format!("{language} ({named}): {}", missed.len()));
            }
        }
    }
    assert!(failures.is_empty(), "documents missed: {}", failures.join(", "));
}
