//! What stands for the words of a query, seen through what is found.

use serde_json::{Value, json};

use crate::test_index::{TestIndex, plain};

/// An index of one title per document, numbered from 0.
fn titles(settings: Value, titles: &[&str]) -> TestIndex {
    let documents: Vec<Value> =
        titles.iter().enumerate().map(|(id, title)| json!({"id": id, "title": title})).collect();
    TestIndex::new(settings, json!(documents))
}

fn check(index: &TestIndex, query: &str, expected: &[u32]) {
    assert_eq!(index.search(query, plain()).ids(), expected, "{query}");
}

#[test]
fn the_most_frequent_cut_of_a_word_counts() {
    let index = titles(json!({}), &["nowhere", "now here", "now here", "no where", "now. here"]);
    check(&index, "nowhere", &[0, 1, 2]);
    check(&index, "nowhre", &[0]);
}

#[test]
fn words_apart_are_found_together() {
    let index = titles(json!({}), &["notebook", "note book", "note the book", "notebooks"]);
    check(&index, "note book", &[1, 2, 0, 3]);
    check(&index, "note. book", &[1, 2]);
}

#[test]
fn synonyms_go_one_way_and_do_not_chain() {
    let synonyms = json!({"synonyms": {
        "car": ["automobile"],
        "automobile": ["vehicle"],
        "new york": ["nyc"],
        "nyc": ["new york"],
    }});
    let index = titles(synonyms, &["automobile", "car", "vehicle", "nyc", "new york", "york new"]);
    check(&index, "car", &[1, 0]);
    check(&index, "vehicle", &[2]);
    check(&index, "new york", &[4, 5, 3]);
    check(&index, "nyc", &[3, 4]);
    check(&index, "\"car\"", &[1]);
}

#[test]
fn joined_words_have_the_synonyms_of_what_they_join_to() {
    let index = titles(json!({"synonyms": {"usa": ["united states"]}}), &["u.s.a.", "usa", "united states"]);
    check(&index, "u.s.a.", &[0, 1, 2]);
}

#[test]
fn stop_words_need_not_match_but_for_the_last() {
    let index = titles(json!({"stopWords": ["the", "and"]}), &["the cat and the hat", "cat hat", "theory"]);
    check(&index, "the cat", &[0, 1]);
    check(&index, "cat and hat", &[1, 0]);
    check(&index, "the", &[2]);
    assert_eq!(index.search("the ", plain()).ids().len(), 3);
    check(&index, "\"cat and the hat\"", &[1, 0]);
}

#[test]
fn negative_words_and_phrases_leave_documents_out() {
    let index = titles(json!({}), &["red apple", "green apple", "apple red pie", "apples"]);
    check(&index, "apple -red", &[1, 3]);
    check(&index, "apple -\"red pie\"", &[0, 1, 3]);
    check(&index, "-red", &[1, 3]);
    check(&index, "-red -apples", &[1]);
}

#[test]
fn prefixes_stop_at_a_thousand_words_unless_unions_are_kept() {
    let documents: Vec<Value> =
        (1000..2500).map(|id| json!({"id": id, "title": format!("pebble{id} granite")})).collect();
    let index = TestIndex::new(json!({}), json!(documents));
    let total = |query: &str| index.search(query, plain()).candidates;
    assert_eq!(total("pebb"), 1500);
    assert_eq!(total("pebble"), 1000);
    // A thousand by the prefix, 150 by one typo.
    assert_eq!(total("pebble1"), 1150);
    assert_eq!(total("pebble1234"), 110);
    assert_eq!(total("peble"), 150);
    index.configure(json!({"prefixSearch": "disabled"}));
    assert_eq!(total("pebble"), 0);
}

#[test]
fn words_without_typos_are_found_as_they_are() {
    let tolerance = json!({"typoTolerance": {"disableOnAttributes": ["code"]}});
    let index = TestIndex::new(
        tolerance,
        json!([{"id": 1, "code": "lighthouse"}, {"id": 2, "title": "lighthouse"}, {"id": 3, "code": "lighthouses"}]),
    );
    let mut found = index.search("lighthouse", plain()).ids();
    found.sort_unstable();
    assert_eq!(found, [1, 2, 3]);
    check(&index, "lighthuose ", &[2]);
    check(&index, "lightho", &[1, 2, 3]);
}

#[test]
fn searched_attributes_restrict_words() {
    let index = TestIndex::new(
        json!({}),
        json!([{"id": 1, "title": "winter sun", "tags": ["cold"]}, {"id": 2, "title": "summer", "tags": ["winter"]}]),
    );
    let found =
        |attributes: &[&str]| index.search("winter", json!({"attributesToSearchOn": attributes})).ids();
    assert_eq!(found(&["title"]), [1]);
    assert_eq!(found(&["t*"]).len(), 2);
    assert_eq!(found(&["tag*", "unknown"]), [2]);
    assert!(found(&[]).is_empty());
}

#[test]
fn frequent_words_are_given_up_first() {
    let index = titles(
        json!({}),
        &["the red tower bell", "the tower", "the bell", "the night", "a night", "night", "the", "the end"],
    );
    let found = index.search("the tower bell night", json!({"matchingStrategy": "frequency"}));
    assert_eq!(found.ids(), [0]);
    // Only `night` is missing: what was matched before it stays matched.
    assert_eq!(found.hits[0].details["words"]["matchingWords"], 2);
    assert_eq!(found.hits[0].details["words"]["maxMatchingWords"], 3);
}
