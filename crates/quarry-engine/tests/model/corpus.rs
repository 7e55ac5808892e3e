//! Random indexes: settings, and batches of operations on documents.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

pub(crate) const WORDS: &[&str] = &[
    "red",
    "car",
    "care",
    "cart",
    "carpet",
    "redcar",
    "harbor",
    "harbour",
    "habror",
    "lighthouse",
    "lighthuose",
    "light",
    "house",
    "wizard",
    "wizards",
    "wziard",
    "sunflower",
    "sun",
    "flower",
    "sunflowers",
    "a",
    "be",
];

const RULES: &[&[&str]] = &[
    &["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"],
    &["words", "typo", "proximity", "attribute", "sort", "exactness"],
    &["words", "proximity", "typo", "exactness"],
    &["sort", "words", "typo", "wordPosition", "year:desc"],
    &["mark:asc", "exactness", "words", "sort", "typo"],
    &["words", "exactness", "typo", "proximity", "attributeRank"],
    &["proximity", "exactness", "sort", "typo", "year:asc"],
    &["typo", "attributeRank", "proximity", "sort"],
    &["proximity", "wordPosition"],
    &["sort"],
    &[],
];

/// Settings of an index.
#[derive(Debug, Clone)]
pub(crate) struct Setting {
    pub(crate) rules: &'static [&'static str],
    /// Whether some fields allow some operators only.
    pub(crate) restricts_filters: bool,
    pub(crate) distinct: Option<&'static str>,
    /// Fields whose most frequent values come first.
    pub(crate) counted_facets: &'static [&'static str],
    pub(crate) facet_values_max: usize,
    pub(crate) total_hits_max: usize,
    pub(crate) text: TextSetting,
}

/// Settings of what words mean.
#[derive(Debug, Clone)]
pub(crate) struct TextSetting {
    pub(crate) has_stop_words: bool,
    pub(crate) has_synonyms: bool,
    pub(crate) has_typos: bool,
    /// From which length on one typo is allowed, and two.
    pub(crate) typo_sizes: [usize; 2],
    /// Words of queries that must be right.
    pub(crate) exact_words: &'static [&'static str],
    pub(crate) searches_prefixes: bool,
    pub(crate) proximity_by_attribute: bool,
}

/// Words that are stop words in some indexes; phrases and negations leave them out.
pub(crate) const STOP_WORDS: &[&str] = &["a", "be"];

/// Words in a row, and what they may stand for in some indexes.
pub(crate) const SYNONYMS: &[(&str, &[&str])] = &[
    ("car", &["cart", "red house"]),
    ("sun flower", &["wizard", "light house"]),
    ("redcar", &["sunflower"]),
    ("red sun light", &["care"]),
];

fn text_setting() -> impl Strategy<Value = TextSetting> {
    let rarely = || prop::bool::weighted(0.2);
    let sizes = select(vec![[5, 9], [5, 9], [3, 5], [0, 4], [7, 7], [20, 255]]);
    let exact: Vec<&'static [&'static str]> = vec![&[], &[], &["wizrd", "harbour", "lighthouse"]];
    (rarely(), rarely(), rarely(), sizes, select(exact), rarely(), rarely()).prop_map(
        |(has_stop_words, has_synonyms, no_typos, typo_sizes, exact_words, no_prefixes, by_attribute)| {
            TextSetting {
                has_stop_words,
                has_synonyms,
                has_typos: !no_typos,
                typo_sizes,
                exact_words,
                searches_prefixes: !no_prefixes,
                proximity_by_attribute: by_attribute,
            }
        },
    )
}

pub(crate) fn setting() -> impl Strategy<Value = Setting> {
    let distinct = prop_oneof![
        3 => Just(None),
        1 => select(vec!["year", "tags", "mark", "info.size"]).prop_map(Some),
    ];
    let counted: Vec<&'static [&'static str]> = vec![&[], &["*"], &["tags", "year"]];
    (
        select(RULES),
        prop::bool::weighted(0.2),
        distinct,
        select(counted),
        select(vec![100, 100, 3, 2, 0]),
        select(vec![1000, 1000, 1000, 4]),
        text_setting(),
    )
        .prop_map(
            |(rules, restricts_filters, distinct, counted_facets, facet_values_max, total_hits_max, text)| {
                Setting {
                    rules,
                    restricts_filters,
                    distinct,
                    counted_facets,
                    facet_values_max,
                    total_hits_max,
                    text,
                }
            },
        )
}

fn text() -> impl Strategy<Value = String> {
    let separator = select(vec![" ", " ", " ", " ", ", ", ". ", "-"]);
    proptest::collection::vec((select(WORDS), separator), 0..9)
        .prop_map(|parts| parts.into_iter().map(|(word, separator)| format!("{word}{separator}")).collect())
}

fn year() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => (1990..1996i64).prop_map(Value::from),
        1 => Just(json!("1992")),
        1 => Just(Value::Null),
        1 => Just(json!(1993.5)),
        1 => Just(json!([1990, "unknown"])),
        1 => Just(json!([])),
    ]
}

/// Numbers, strings and all else that may stand in one field.
fn mark() -> impl Strategy<Value = Value> {
    let scalar = || {
        select(vec![
            json!(0),
            json!(-0.0),
            json!(9),
            json!(10),
            json!(-3.5),
            json!(1e21),
            json!("10"),
            json!("B"),
            json!("b"),
            json!("É"),
            json!("a longer one"),
            json!(true),
            json!(""),
        ])
    };
    prop_oneof![
        8 => scalar(),
        1 => Just(Value::Null),
        1 => Just(json!({})),
        2 => proptest::collection::vec(scalar(), 0..4).prop_map(Value::from),
    ]
}

fn info() -> impl Strategy<Value = Value> {
    let size = select(vec![json!(1), json!(2), json!("large"), Value::Null]);
    let colour = select(vec![json!("Red"), json!("red"), json!(["blue", "Green"]), json!("")]);
    prop_oneof![
        6 => (proptest::option::of(size), proptest::option::of(colour)).prop_map(|(size, colour)| {
            let mut info = Map::new();
            size.into_iter().for_each(|size| drop(info.insert("size".into(), size)));
            colour.into_iter().for_each(|colour| drop(info.insert("colour".into(), colour)));
            Value::Object(info)
        }),
        1 => Just(Value::Null),
        1 => Just(json!("plain")),
    ]
}

fn document() -> impl Strategy<Value = Map<String, Value>> {
    let tags = proptest::collection::vec(select(vec!["Red", "blue", "GREEN", "1992", "red"]), 0..3);
    (
        proptest::option::of(text()),
        proptest::option::of(text()),
        proptest::option::of(year()),
        tags.prop_map(|tags| (!tags.is_empty()).then(|| Value::from(tags))),
        proptest::option::of(mark()),
        proptest::option::of(info()),
    )
        .prop_map(|(title, body, year, tags, mark, info)| {
            let fields = [
                ("title", title.map(Value::from)),
                ("body", body.map(Value::from)),
                ("year", year),
                ("tags", tags),
                ("mark", mark),
                ("info", info),
            ];
            let present = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            present.collect()
        })
}

/// One batch.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    Replace(Vec<(u8, Map<String, Value>)>),
    Update(Vec<(u8, Map<String, Value>)>),
    Delete(Vec<u8>),
}

/// Batches on documents of few ids; now and then on more than fit into one machine word.
pub(crate) fn writes() -> impl Strategy<Value = Vec<Write>> {
    prop_oneof![
        12 => proptest::collection::vec(write(24, 1..10), 1..5),
        1 => proptest::collection::vec(write(160, 60..160), 1..3),
    ]
}

fn write(ids: u8, documents_count: std::ops::Range<usize>) -> impl Strategy<Value = Write> {
    let documents = move || proptest::collection::vec((0..ids, document()), documents_count.clone());
    prop_oneof![
        4 => documents().prop_map(Write::Replace),
        1 => documents().prop_map(Write::Update),
        1 => proptest::collection::vec(0..ids, 1..6).prop_map(Write::Delete),
    ]
}

/// A document with every field: a field that no document ever had matches nothing, whatever the operator.
pub(crate) fn first_document() -> Map<String, Value> {
    let document = json!({
        "title": "red",
        "body": "car",
        "year": 1992,
        "tags": ["blue"],
        "mark": 9,
        "info": { "size": 1, "colour": "Red" },
    });
    document.as_object().cloned().unwrap_or_default()
}
