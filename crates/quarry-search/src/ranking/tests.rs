//! The rules on small indexes: order, scores, details.

use serde_json::{Value, json};

use crate::test_index::{TestIndex, plain};

/// The index of the worked examples: two attributes, default rules.
fn two_attributes(documents: Value) -> TestIndex {
    TestIndex::new(json!({"searchableAttributes": ["title", "body"]}), documents)
}

/// Score of ranks in order, as (rank, maximum) pairs.
fn score(ranks: &[(f64, f64)]) -> f64 {
    let (rank, maximum) =
        ranks.iter().fold((1.0, 1.0), |(rank, maximum), (r, m)| ((rank - 1.0) * m + r, maximum * m));
    rank / maximum
}

#[test]
fn worked_example_1_an_attribute_that_is_the_query() {
    let index = two_attributes(json!([{"id": 1, "title": "red car"}]));
    index.search("red car", plain()).assert_scores(&[(1, 1.0)]);
}

#[test]
fn worked_example_2_a_word_before() {
    let index = two_attributes(json!([{"id": 1, "title": "my red car"}]));
    let found = index.search("red car", plain());
    let ranks = [(2., 2.), (3., 3.), (4., 4.), (3., 3.), (19., 21.), (1., 3.), (3., 3.)];
    found.assert_scores(&[(1, score(&ranks))]);
    assert_eq!(found.hits[0].details["exactness"]["matchType"], "noExactMatch");
    assert_eq!(found.hits[0].details["exactness"]["matchingWords"], 2);
}

#[test]
fn worked_example_3_words_in_two_attributes() {
    let index = two_attributes(json!([{"id": 1, "title": "red.", "body": "car"}]));
    let details = &index.search("red car", plain()).hits[0].details;
    assert_eq!(details["proximity"]["score"], 0.25);
    assert_eq!(details["attributeRank"]["score"], 2.0 / 3.0);
}

#[test]
fn worked_example_4_a_missing_last_word() {
    let index = two_attributes(json!([{"id": 1, "title": "red bike"}]));
    let details = &index.search("red car", plain()).hits[0].details;
    assert_eq!(
        details["words"],
        json!({"order": 0, "matchingWords": 1, "maxMatchingWords": 2, "score": 0.5})
    );
    assert_eq!(details["typo"]["maxTypoCount"], 1);
    assert_eq!(details["exactness"]["matchType"], "matchesStart");
}

#[test]
fn worked_example_5_sentences_are_far() {
    let index = two_attributes(json!([{"id": 1, "title": "stop. go"}]));
    assert_eq!(index.search("stop go", plain()).hits[0].details["proximity"]["score"], 0.25);
}

#[test]
fn worked_example_6_typos() {
    let words = ["kitten", "kiten", "kittens", "kittne", "kit ten", "mitten", "kit", "kittenish"];
    let documents: Vec<Value> =
        words.iter().enumerate().map(|(id, title)| json!({"id": id, "title": title})).collect();
    let index = two_attributes(json!(documents));
    let typos = |query: &str| {
        let found = index.search(query, plain());
        let mut typos: Vec<(u32, u64)> = found
            .hits
            .iter()
            .map(|hit| (hit.id, hit.details["typo"]["typoCount"].as_u64().unwrap_or(9)))
            .collect();
        typos.sort_unstable();
        typos
    };
    assert_eq!(typos("kitten "), [(0, 0), (1, 1), (2, 1), (3, 1), (4, 1)]);
    assert_eq!(typos("kitten"), [(0, 0), (1, 1), (2, 0), (3, 1), (4, 1), (7, 0)]);
}

#[test]
fn worked_example_7_words_are_given_up_from_the_end() {
    let index = two_attributes(json!([
        {"id": 1, "title": "big car"},
        {"id": 2, "title": "big red"},
        {"id": 3, "title": "big red car"},
        {"id": 4, "title": "red car"},
    ]));
    let found = index.search("big red car", plain());
    assert_eq!(found.ids(), [3, 2, 1]);
    assert_eq!(found.candidates, 3);
    let matching: Vec<&Value> = found.hits.iter().map(|hit| &hit.details["words"]["matchingWords"]).collect();
    assert_eq!(matching, [3, 2, 1]);
}

#[test]
fn scores_of_the_default_rules() {
    let index = TestIndex::new(
        json!({"searchableAttributes": ["title", "body", "tags"]}),
        json!([
            {"id": 1, "title": "salt wind harbour", "body": "b", "tags": ["t"]},
            {"id": 2, "title": "salt harbour wind", "body": "b", "tags": ["t"]},
            {"id": 3, "title": "salt", "body": "wind harbour", "tags": ["t"]},
            {"id": 4, "title": "salty winds harbour", "body": "b", "tags": ["t"]},
            {"id": 5, "title": "x", "body": "y", "tags": ["salt", "wind", "harbour"]},
            {"id": 6, "title": "saltwind harbour", "body": "z"},
            {"id": 7, "title": "salt wimd harbor", "body": "z"},
            {"id": 8, "title": "old salt wind harbour", "body": "q"},
            {"id": 9, "title": "salt wind", "body": "q"},
        ]),
    );
    index.search("salt wind harbour", plain()).assert_scores(&[
        (1, 1.0),
        (8, 0.9998390754151123),
        (2, 0.9808353448906444),
        (3, 0.9685904469314608),
        (5, 0.9342696218272255),
        (6, 0.8531592421915003),
        (9, 0.6666666666666666),
        (7, 0.33164983164983164),
    ]);
    index.search("salt wind harbour", json!({"matchingStrategy": "all"})).assert_scores(&[
        (1, 1.0),
        (8, 0.9995172262453369),
        (2, 0.9425060346719333),
        (3, 0.9057713407943823),
        (5, 0.8028088654816765),
        (6, 0.5594777265745008),
    ]);
    let frequency = index.search("salt wind harbour", json!({"matchingStrategy": "frequency"}));
    assert_eq!(frequency.ids(), [1, 8, 2, 3, 5, 6, 9]);
    index.search("salt wind", json!({"limit": 3})).assert_scores(&[
        (9, 1.0),
        (1, 0.9999007936507937),
        (8, 0.9992063492063492),
    ]);
    let page = index.search("salt wind harbour", json!({"offset": 2, "limit": 3}));
    page.assert_scores(&[(2, 0.9808353448906444), (3, 0.9685904469314608), (5, 0.9342696218272255)]);
    assert_eq!(page.candidates, 8);
}

#[test]
fn attribute_is_two_ranks_in_one() {
    let rules = json!(["words", "typo", "proximity", "attribute", "sort", "exactness"]);
    let index = TestIndex::new(
        json!({"rankingRules": rules, "searchableAttributes": ["title", "body"]}),
        json!([
            {"id": 1, "title": "winter garden", "body": "roses under snow"},
            {"id": 3, "title": "roses", "body": "the winter garden and the snow"},
        ]),
    );
    let found = index.search("winter garden", plain());
    found.assert_scores(&[(1, 1.0), (3, 0.9704585537918872)]);
    let expected = json!({
        "order": 3,
        "attributeRankingOrderScore": 1.0 / 3.0,
        "queryWordDistanceScore": 19.0 / 21.0,
        "score": 19.0 / 63.0,
    });
    assert_eq!(found.hits[1].details["attribute"], expected);
}

#[test]
fn phrases_count_their_words_and_are_never_given_up() {
    let index = two_attributes(json!([
        {"id": 1, "title": "old stone bridge"},
        {"id": 2, "title": "stone old bridge"},
        {"id": 3, "title": "stone bridge"},
    ]));
    let found = index.search("old \"stone bridge\"", plain());
    assert_eq!(found.ids(), [1, 3]);
    assert_eq!(found.hits[0].details["words"]["maxMatchingWords"], 3);
    assert_eq!(found.hits[1].details["words"]["matchingWords"], 2);
}

#[test]
fn numbers_sort_before_texts_in_both_directions() {
    let values = [json!(5), json!("b"), json!([1, 9]), json!(null), json!("A"), json!(-1.5), json!(5)];
    let documents: Vec<Value> =
        values.iter().enumerate().map(|(id, n)| json!({"id": id, "n": n, "t": "x"})).collect();
    let index = TestIndex::new(json!({"sortableAttributes": ["n"]}), json!(documents));
    let ascending = [5, 2, 0, 6, 4, 1, 3];
    let descending = [2, 0, 6, 5, 1, 4, 3];
    for query in ["", "x"] {
        assert_eq!(index.search(query, json!({"sort": ["n:asc"]})).ids(), ascending);
        assert_eq!(index.search(query, json!({"sort": ["n:desc"]})).ids(), descending);
    }
    let found = index.search("", json!({"sort": ["n:desc"]}));
    assert_eq!(found.hits[0].details["n:desc"], json!({"order": 0, "value": 9.0}));
    assert_eq!(found.hits[4].details["n:desc"], json!({"order": 0, "value": "b"}));
    assert_eq!(found.hits[6].details["n:desc"], json!({"order": 0, "value": null}));
}

#[test]
fn sorting_many_documents_and_few_is_the_same() {
    let documents: Vec<Value> = (0..400)
        .map(|id| {
            let n = match id % 4 {
                0 => json!(id * 7919 % 101),
                1 => json!(format!("t{}", id * 7919 % 13)),
                2 => json!([id % 5, id % 17, "z"]),
                _ => json!(null),
            };
            json!({"id": id, "n": n, "few": if id % 8 < 4 && id < 200 { "yes" } else { "no" }})
        })
        .collect();
    let index = TestIndex::new(json!({"sortableAttributes": ["n"]}), json!(documents));
    for sort in ["n:asc", "n:desc"] {
        let all = index.search("", json!({"sort": [sort], "limit": 1000}));
        assert_eq!(all.hits.len(), 400);
        let few = index.search("yes", json!({"sort": [sort], "limit": 1000}));
        assert_eq!(few.hits.len(), 100);
        let expected: Vec<u32> = all.ids().into_iter().filter(|id| id % 8 < 4 && *id < 200).collect();
        assert_eq!(few.ids(), expected, "{sort}");
    }
}

#[test]
fn distinct_keeps_the_first_of_each_value() {
    let index = TestIndex::new(
        json!({"filterableAttributes": ["sku"]}),
        json!([
            {"id": 1, "sku": "A", "t": "boot"},
            {"id": 2, "sku": "a", "t": "boot"},
            {"id": 3, "t": "boot"},
            {"id": 4, "sku": ["C", 7], "t": "boot"},
            {"id": 5, "sku": 7, "t": "boot"},
            {"id": 6, "sku": "7", "t": "boot"},
            {"id": 7, "sku": null, "t": "boot"},
        ]),
    );
    // Estimates go to the end of the last bucket, or of the page where nothing ranks.
    for (query, estimate) in [("", 6), ("boot", 5)] {
        let found = index.search(query, json!({"distinct": "sku"}));
        assert_eq!(found.ids(), [1, 3, 4, 6, 7]);
        assert_eq!(found.candidates, 5);
        assert_eq!(index.search(query, json!({"distinct": "sku", "limit": 1})).candidates, estimate);
        let page = index.search(query, json!({"distinct": "sku", "hitsPerPage": 1, "page": 2}));
        assert_eq!((page.ids(), page.candidates), (vec![3], 5));
    }
}

#[test]
fn a_threshold_leaves_hits_out_of_the_totals() {
    let index = two_attributes(json!([
        {"id": 1, "title": "iron gate"},
        {"id": 2, "title": "gate of iron"},
        {"id": 3, "title": "iron"},
    ]));
    let found = index.search("iron gate", json!({"rankingScoreThreshold": 0.6}));
    assert_eq!((found.ids(), found.candidates), (vec![1, 2], 2));
    let page = index.search("iron gate", json!({"rankingScoreThreshold": 0.6, "hitsPerPage": 1, "page": 2}));
    assert_eq!((page.ids(), page.candidates), (vec![2], 2));
    let first = index.search("iron gate", json!({"rankingScoreThreshold": 0.6, "limit": 1}));
    assert_eq!((first.ids(), first.candidates), (vec![1], 3));
}

#[test]
fn out_of_time_everything_still_matches() {
    let index = TestIndex::new(
        json!({"searchCutoffMs": 0, "sortableAttributes": ["n"]}),
        json!([{"id": 1, "t": "diver", "n": 2}, {"id": 2, "t": "pearl diver", "n": 1}, {"id": 3, "t": "x"}]),
    );
    let found = index.search("diver", json!({"sort": ["n:asc"]}));
    found.assert_scores(&[(1, 0.0), (2, 0.0)]);
    assert_eq!(found.hits[0].details, json!({"skipped": {"order": 0}}));
    assert!(found.degraded);
    assert!(index.search("diver", json!({"rankingScoreThreshold": 0.1})).hits.is_empty());
}

#[test]
fn pages_go_through_buckets_without_gaps() {
    let titles = ["maple leaf", "maple", "leaf of maple", "maple leav"];
    let documents: Vec<Value> = (0..200).map(|id| json!({"id": id, "title": titles[id % 4]})).collect();
    let index = two_attributes(json!(documents));
    let all = index.search("maple leaf", json!({"limit": 1000})).ids();
    assert_eq!(all.len(), 200);
    let pages: Vec<u32> = (0..29)
        .flat_map(|page| index.search("maple leaf", json!({"offset": page * 7, "limit": 7})).ids())
        .collect();
    assert_eq!(pages, all);
}

/// More than a thread's stack could hold a call for.
const MANY_RULES: usize = 50_000;

/// Three documents that only their ids tell apart, and time to look at all rules.
fn tied(mut settings: Value) -> TestIndex {
    settings["searchCutoffMs"] = json!(600_000);
    let documents: Vec<Value> =
        (1..=3).map(|id| json!({"id": id, "t": "red", "_geo": {"lat": 1, "lng": 2}})).collect();
    TestIndex::new(settings, json!(documents))
}

#[test]
fn the_last_of_many_criteria_decides() {
    let index = tied(json!({"sortableAttributes": ["_geo", "id"]}));
    let mut sort: Vec<String> =
        (0..MANY_RULES).map(|place| format!("_geoPoint(1,{}):asc", place as f64 / 1e4)).collect();
    sort.push("id:desc".to_owned());
    for query in ["", "red"] {
        let found = index.search(query, json!({"sort": sort, "limit": 3}));
        assert_eq!(found.ids(), [3, 2, 1]);
        assert!(!found.degraded);
    }
}

#[test]
fn the_last_of_many_custom_rules_decides() {
    let mut rules: Vec<String> = (0..MANY_RULES).map(|place| format!("f{place}:asc")).collect();
    rules.push("id:desc".to_owned());
    let index = tied(json!({"rankingRules": rules}));
    assert_eq!(index.search("", json!({"limit": 3})).ids(), [3, 2, 1]);
}

#[test]
fn large_windows_look_at_fewer_rules() {
    let details = |rules: usize, limit: usize| {
        let rules: Vec<String> = (0..rules).map(|place| format!("f{place}:asc")).collect();
        let index = tied(json!({"rankingRules": rules, "pagination": {"maxTotalHits": 1_000_000}}));
        let found = index.search("", json!({"limit": limit}));
        found.hits[0].details.as_object().map(serde_json::Map::len)
    };
    assert_eq!(details(200, 1_000_000), Some(200));
    assert_eq!(details(1_000, 100), Some(1_000));
    assert_eq!(details(1_000, 1_000), Some(250));
}
