//! Random queries.

use proptest::prelude::*;
use proptest::sample::select;
use quarry_testkit::{OracleFilter, OracleOperator, OraclePage, OracleQuery, Strategy as Matching};

use crate::corpus::{STOP_WORDS, WORDS};

/// Fields that can be filtered; no document ever has the last.
const FIELDS: &[&str] =
    &["year", "year", "tags", "tags", "mark", "mark", "info", "info.size", "info.colour", "ghost"];

const VALUES: &[&str] = &[
    "red",
    "BLUE",
    "1992",
    "1993.5",
    "nothing",
    "10",
    "10.0",
    "-0",
    "0",
    "-3.5",
    "b",
    "É",
    "true",
    "large",
    "1990",
    "a longer one",
    "1e21",
    "",
];

fn value() -> impl Strategy<Value = String> {
    select(VALUES).prop_map(str::to_owned)
}

fn operator() -> impl Strategy<Value = OracleOperator> {
    use OracleOperator::*;
    let part = || select(vec!["e", "re", "b", "1", "long", "É", "LAR"]).prop_map(str::to_owned);
    let bound = || prop_oneof![1 => value(), 2 => (1989..1997i64).prop_map(|year| year.to_string())];
    prop_oneof![
        3 => value().prop_map(Equal),
        2 => value().prop_map(Different),
        1 => bound().prop_map(Above),
        1 => bound().prop_map(AtLeast),
        1 => bound().prop_map(Below),
        1 => bound().prop_map(AtMost),
        2 => (bound(), bound()).prop_map(|(low, high)| Between(low, high)),
        2 => proptest::collection::vec(value(), 0..4).prop_map(In),
        1 => Just(Exists),
        1 => Just(Null),
        1 => Just(Empty),
        1 => part().prop_map(Contains),
        1 => prop_oneof![4 => part(), 1 => Just(String::new())].prop_map(StartsWith),
    ]
}

fn filter() -> impl Strategy<Value = OracleFilter> {
    let leaf =
        (select(FIELDS), operator(), prop::bool::weighted(0.25)).prop_map(|(field, operator, negated)| {
            OracleFilter::Field { field: field.to_owned(), operator, negated }
        });
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| OracleFilter::And(Box::new(a), Box::new(b))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| OracleFilter::Or(Box::new(a), Box::new(b))),
            inner.prop_map(|inner| OracleFilter::Not(Box::new(inner))),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    let misspelled = vec!["harbro", "lighthose", "wizrd", "sunfower", "li", "wiz", "ca", "hous", "xyz"];
    let content_words =
        || -> Vec<&'static str> { WORDS.iter().copied().filter(|word| !STOP_WORDS.contains(word)).collect() };
    let word = prop_oneof![
        6 => select(WORDS).prop_map(str::to_owned),
        2 => select(misspelled).prop_map(str::to_owned),
        1 => (select(content_words()), select(content_words())).prop_map(|(a, b)| format!("\"{a} {b}\"")),
    ];
    let negative = prop_oneof![6 => Just(String::new()), 1 => select(content_words()).prop_map(|word| format!(" -{word}"))];
    let end = select(vec!["", "", " "]);
    (proptest::collection::vec(word, 0..4), negative, end)
        .prop_map(|(words, negative, end)| format!("{}{negative}{end}", words.join(" ")))
}

fn page() -> impl Strategy<Value = OraclePage> {
    prop_oneof![
        3 => Just(OraclePage::Window { offset: 0, limit: 1000 }),
        2 => (0..8usize, 0..8usize).prop_map(|(offset, limit)| OraclePage::Window { offset, limit }),
        2 => (0..4usize, 0..6usize).prop_map(|(page, hits)| OraclePage::Page { page, hits }),
    ]
}

pub(crate) fn query() -> impl Strategy<Value = OracleQuery> {
    let fields = || select(vec!["year", "mark", "tags", "info.size"]).prop_map(str::to_owned);
    let facets = prop_oneof![
        2 => Just(Vec::new()),
        1 => Just(vec!["*".to_owned()]),
        1 => select(vec!["info", "mark", "year", "tags"]).prop_map(|field| vec![field.to_owned()]),
    ];
    let strategy = select(vec![Matching::Last, Matching::Last, Matching::All, Matching::Frequency]);
    let threshold = prop_oneof![4 => Just(None), 1 => select(vec![0.3713, 0.7219, 0.9137]).prop_map(Some)];
    (
        (text(), strategy, threshold),
        proptest::option::of(filter()),
        proptest::collection::vec((fields(), any::<bool>()), 0..3),
        prop_oneof![3 => Just(None), 1 => fields().prop_map(Some)],
        facets,
        page(),
    )
        .prop_map(|((text, strategy, threshold), filter, sort, distinct, facets, page)| OracleQuery {
            text,
            strategy,
            filter,
            sort,
            distinct,
            facets,
            threshold,
            page,
        })
}
