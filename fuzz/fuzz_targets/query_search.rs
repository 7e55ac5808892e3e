//! Queries of any text, searched in an index of many scripts, with highlights, crops, positions and scores.
//!
//! The input is a line of knobs, then the query.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::films::Films;
use quarry_fuzz::pieces::line;
use quarry_search::{MatchingStrategy, Pagination, SearchRequest, search};

static FILMS: LazyLock<Films> = LazyLock::new(Films::open);

fuzz_target!(|input: &str| {
    let (knobs, query) = line(input);
    let snapshot = FILMS.index.snapshot().expect("the index can be read");
    let request = request(knobs, query);
    let Ok(result) = search(&snapshot, &request) else { return };
    assert!(result.hits.len() <= 20);
    for hit in &result.hits {
        let score = hit.score.expect("scores were asked for");
        assert!((0.0..=1.0).contains(&score), "score {score} of {query:?}");
    }
    if query.trim().is_empty() && request.ranking_score_threshold.is_none() && request.filter.is_none() {
        assert_eq!(result.hits.len(), 5, "a placeholder search finds all");
    }
});

fn request(knobs: &str, query: &str) -> SearchRequest {
    let has = |knob: char| knobs.contains(knob);
    let number = knobs
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0, |sum, digit| sum * 10 % 1000 + usize::from(digit - b'0'));
    let all = vec!["*".to_owned()];
    SearchRequest {
        query: Some(query.to_owned()),
        pagination: if has('p') {
            Pagination::Page { page: 1, hits_per_page: 20 }
        } else {
            Pagination::default()
        },
        facets: has('f').then(|| all.clone()),
        attributes_to_crop: if has('c') { all.clone() } else { Vec::new() },
        crop_length: number,
        crop_marker: if has('m') { String::new() } else { "…".to_owned() },
        attributes_to_highlight: if has('h') { all } else { Vec::new() },
        show_matches_position: has('s'),
        matching_strategy: match (has('a'), has('q')) {
            (true, _) => MatchingStrategy::All,
            (_, true) => MatchingStrategy::Frequency,
            _ => MatchingStrategy::Last,
        },
        distinct: has('d').then(|| "year".to_owned()),
        show_ranking_score: true,
        show_ranking_score_details: has('e'),
        ..SearchRequest::default()
    }
}
