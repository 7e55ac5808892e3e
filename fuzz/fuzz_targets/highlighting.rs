//! Texts of any kind, highlighted, cropped and searched for matches: the tags stand around parts of the text, and nothing
//! else of it changes.
//!
//! The input is a line of knobs, the query, then the text of the document.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::films::Films;
use quarry_fuzz::pieces::line;
use quarry_search::format::HitContent;
use quarry_search::{SearchRequest, search};
use serde_json::{Value, json};

/// Characters for private use: texts that hold them are left aside.
const PRE_TAG: char = '\u{e000}';
const POST_TAG: char = '\u{e001}';
const CROP_MARKER: char = '\u{e002}';

static FILMS: LazyLock<Films> = LazyLock::new(Films::open);

fuzz_target!(|input: &str| {
    let (knobs, rest) = line(input);
    let (query, text) = line(rest);
    if text.contains([PRE_TAG, POST_TAG, CROP_MARKER]) {
        return;
    }
    let document = json!([{ "id": 1, "title": text, "cast": [{ "name": [text, 7] }] }]);
    if !FILMS.add(document.to_string().as_bytes()) {
        return;
    }
    let snapshot = FILMS.index.snapshot().expect("the index can be read");
    let result = search(&snapshot, &request(knobs, query)).expect("the request is in order");
    for hit in result.hits.iter().filter(|hit| hit.content.document["id"] == 1) {
        check(&hit.content, text, knobs);
    }
});

fn request(knobs: &str, query: &str) -> SearchRequest {
    let has = |knob: char| knobs.contains(knob);
    let number = knobs
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |sum, digit| (sum * 10 + usize::from(digit - b'0')) % 1000);
    let all = vec!["*".to_owned()];
    SearchRequest {
        query: Some(query.to_owned()),
        attributes_to_crop: if has('c') { all.clone() } else { Vec::new() },
        crop_length: number,
        crop_marker: if has('m') { String::new() } else { CROP_MARKER.to_string() },
        attributes_to_highlight: all,
        highlight_pre_tag: PRE_TAG.to_string(),
        highlight_post_tag: POST_TAG.to_string(),
        show_matches_position: true,
        ..SearchRequest::default()
    }
}

fn check(content: &HitContent, text: &str, knobs: &str) {
    let formatted = content.formatted.as_ref().expect("all attributes are highlighted");
    for shown in [&formatted["title"], &formatted["cast"][0]["name"][0]] {
        check_text(shown, text, knobs);
    }
    let positions = content.matches_position.as_ref().expect("positions were asked for");
    for position in positions.iter().filter(|(name, _)| *name == "title").flat_map(|(_, found)| found) {
        let matched = text.get(position.start..position.start + position.length);
        assert!(matched.is_some_and(|matched| !matched.is_empty()), "{position:?} of {text:?}");
    }
}

fn check_text(shown: &Value, text: &str, knobs: &str) {
    let shown = shown.as_str().expect("a text stays a text");
    let mut is_inside = false;
    for character in shown.chars() {
        match character {
            PRE_TAG => assert!(!std::mem::replace(&mut is_inside, true), "two tags in a row in {shown:?}"),
            POST_TAG => assert!(std::mem::replace(&mut is_inside, false), "no tag before in {shown:?}"),
            _ => {}
        }
    }
    assert!(!is_inside, "a tag stays open in {shown:?}");
    let bare = shown.replace([PRE_TAG, POST_TAG], "");
    if knobs.contains('c') {
        let bare = bare.trim_start_matches(CROP_MARKER).trim_end_matches(CROP_MARKER);
        assert!(text.contains(bare), "{bare:?} is no part of {text:?}");
    } else {
        assert_eq!(bare, text);
    }
}
