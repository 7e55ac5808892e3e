//! Settings: defaults, updates, refusals, merged updates, and what a change makes wrong on disk.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use quarry_error::{Code, HasCode};
use quarry_index::settings::{FilterFeatures, FilterableFeatures};
use quarry_index::{FieldFeatures, Fields, Settings, SettingsUpdate};
use serde_json::{Value, json};

fn update(json: Value) -> SettingsUpdate {
    serde_json::from_value(json).unwrap()
}

/// Settings after updates one after the other.
fn after(updates: &[Value]) -> Settings {
    let apply = |settings: Settings, json: &Value| settings.apply(&update(json.clone())).unwrap().0;
    updates.iter().fold(Settings::default(), apply)
}

fn check(updates: &[Value], name: &str, expected: Value) {
    assert_eq!(after(updates).setting_json(name).unwrap(), expected, "{updates:?}");
}

fn refusal(updates: &[Value], last: Value) -> (Code, String) {
    let error = after(updates).apply(&update(last)).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn defaults() {
    let settings = Settings::default();
    let expected = r#"{"displayedAttributes":["*"],"searchableAttributes":["*"],"filterableAttributes":[],"sortableAttributes":[],"rankingRules":["words","typo","proximity","attributeRank","sort","wordPosition","exactness"],"stopWords":[],"nonSeparatorTokens":[],"separatorTokens":[],"dictionary":[],"synonyms":{},"distinctAttribute":null,"proximityPrecision":"byWord","typoTolerance":{"enabled":true,"minWordSizeForTypos":{"oneTypo":5,"twoTypos":9},"disableOnWords":[],"disableOnAttributes":[],"disableOnNumbers":false},"faceting":{"maxValuesPerFacet":100,"sortFacetValuesBy":{"*":"alpha"}},"pagination":{"maxTotalHits":1000},"embedders":{},"searchCutoffMs":null,"localizedAttributes":null,"facetSearch":true,"prefixSearch":"indexingTime"}"#;
    assert_eq!(settings.to_json(false, false).to_string(), expected);
    let all = settings.to_json(true, true);
    let names: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!((names[4].as_str(), names[21].as_str(), names.len()), ("foreignKeys", "chat", 22));
    assert_eq!(settings.setting_json("nope"), None);
}

#[test]
fn attribute_lists() {
    check(&[json!({"displayedAttributes": ["a", "a", "b.c"]})], "displayedAttributes", json!(["a", "b.c"]));
    check(&[json!({"searchableAttributes": ["a", "*"]})], "searchableAttributes", json!(["*"]));
    check(&[json!({"searchableAttributes": []})], "searchableAttributes", json!([]));
    check(
        &[json!({"searchableAttributes": ["a"]}), json!({"searchableAttributes": null})],
        "searchableAttributes",
        json!(["*"]),
    );
}

#[test]
fn sets_are_sorted_and_stop_words_decomposed() {
    let stop_words = json!({"stopWords": ["The", "of", "Überall", "of", "a", "ﬁn"]});
    check(&[stop_words], "stopWords", json!(["The", "U\u{308}berall", "a", "fin", "of"]));
    let separators = json!({"separatorTokens": ["|", "&sep", "|", "Ab"]});
    check(&[separators], "separatorTokens", json!(["&sep", "Ab", "|"]));
}

#[test]
fn typo_tolerance_merges_field_by_field() {
    let updates = [
        json!({"typoTolerance": {"minWordSizeForTypos": {"oneTypo": 4}}}),
        json!({"typoTolerance": {"minWordSizeForTypos": {"twoTypos": 7}, "disableOnWords": ["Zèbre", "abc"]}}),
        json!({"typoTolerance": {"disableOnAttributes": ["b", "a"], "enabled": false}}),
    ];
    let expected = json!({
        "enabled": false, "minWordSizeForTypos": {"oneTypo": 4, "twoTypos": 7},
        "disableOnWords": ["abc", "zebre"], "disableOnAttributes": ["a", "b"], "disableOnNumbers": false
    });
    check(&updates, "typoTolerance", expected);
    let (code, text) = refusal(
        &updates,
        json!({"stopWords": ["x"], "typoTolerance": {"minWordSizeForTypos": {"oneTypo": 200}}}),
    );
    assert_eq!(code, Code::InvalidSettingsTypoTolerance);
    assert_eq!(
        text,
        "`minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` fields should be between `0` and \
         `255`, and `twoTypos` should be greater or equals to `oneTypo` but found `oneTypo: 200` and twoTypos: 7`."
    );
    let typo = after(&updates[..2]).typo;
    assert_eq!(["abc", "abd", "abcd", "abcdefg"].map(|word| typo.typos_max(word)), [0, 0, 1, 2]);
}

#[test]
fn objects_and_maps() {
    let faceting = [
        json!({"faceting": {"maxValuesPerFacet": 2, "sortFacetValuesBy": {"color": "count"}}}),
        json!({"faceting": {"sortFacetValuesBy": {"size": "alpha", "*": "count"}}}),
    ];
    check(
        &faceting[..1],
        "faceting",
        json!({"maxValuesPerFacet": 2, "sortFacetValuesBy": {"*": "alpha", "color": "count"}}),
    );
    check(
        &faceting,
        "faceting",
        json!({"maxValuesPerFacet": 2, "sortFacetValuesBy": {"*": "count", "size": "alpha"}}),
    );
    check(
        &[json!({"pagination": {"maxTotalHits": 7}}), json!({"pagination": {}})],
        "pagination",
        json!({"maxTotalHits": 7}),
    );
    check(
        &[json!({"localizedAttributes": [{"attributePatterns": ["*"], "locales": ["cmn", "zh", "de"]}]})],
        "localizedAttributes",
        json!([{"attributePatterns": ["*"], "locales": ["cmn", "zho", "deu"]}]),
    );
    check(&[json!({"localizedAttributes": []})], "localizedAttributes", json!([]));
    check(
        &[
            json!({"chat": {"description": "d", "searchParameters": {"limit": 4, "distinct": "x"}}}),
            json!({"chat": {"description": null, "searchParameters": {"limit": null}}}),
        ],
        "chat",
        json!({"description": "", "documentTemplate": Settings::default().chat.document_template,
               "documentTemplateMaxBytes": 400, "searchParameters": {"distinct": "x"}}),
    );
    let (code, text) = refusal(&[], json!({"chat": {"documentTemplateMaxBytes": 0}}));
    assert_eq!(code, Code::InvalidSettingsEmbedders);
    assert_eq!(text, "`.chat.documentTemplateMaxBytes`: `documentTemplateMaxBytes` cannot be zero");
    let (code, text) = refusal(&[], json!({"chat": {"documentTemplate": "{% if doc.a %}"}}));
    assert_eq!(code, Code::InvalidChatSettingDocumentTemplate);
    let start =
        "`.chat.documentTemplate`: Invalid document template: user error: cannot parse template: liquid: ";
    assert!(text.starts_with(start) && text.ends_with("{% endif %} tag expected.\n."), "{text}");
}

#[test]
fn ranking_rules() {
    let rules = json!(["words", "words", "a:b:desc", ":asc"]);
    check(&[json!({"rankingRules": rules})], "rankingRules", rules.clone());
    let (code, text) = refusal(&[], json!({"rankingRules": ["attribute", "wordPosition"]}));
    assert_eq!(code, Code::InvalidSettingsRankingRules);
    assert!(
        text.starts_with("Mixed usage of the attribute, attributeRank, and wordPosition ranking rules."),
        "{text}"
    );
    assert!(
        refusal(&[], json!({"rankingRules": ["Words"]})).1.starts_with("`Words` ranking rule is invalid.")
    );
}

#[test]
fn filterable_rules_are_shown_with_their_defaults() {
    let given = json!({"filterableAttributes": ["a", {"attributePatterns": ["b*"]}, {"attributePatterns": ["c"], "features": {"filter": {"comparison": true}}}]});
    let shown = json!(["a",
        {"attributePatterns": ["b*"], "features": {"facetSearch": false, "filter": {"equality": true, "comparison": false}}},
        {"attributePatterns": ["c"], "features": {"facetSearch": false, "filter": {"equality": true, "comparison": true}}}]);
    check(&[given], "filterableAttributes", shown);
}

#[test]
fn the_first_rule_that_matches_decides() {
    let settings = after(&[json!({"filterableAttributes": [
        {"attributePatterns": ["price"], "features": {"filter": {"equality": false, "comparison": true}}},
        "price", "doggos",
        {"attributePatterns": ["*_eur", "prices.*"]},
        {"attributePatterns": ["note"], "features": {"facetSearch": true, "filter": {"equality": false}}},
        "_geo",
    ]})]);
    let features = |name: &str| settings.field_features(name);
    assert_eq!(features("price").filterable_rule, Some(0));
    assert_eq!(features("price").filterable.filter, FilterFeatures { equality: false, comparison: true });
    assert_eq!((features("doggos.age").filterable_rule, features("doggos.age").faceted), (Some(2), true));
    assert_eq!(features("doggos.age").filterable, FilterableFeatures::ALL);
    assert_eq!((features("cat_eur").filterable_rule, features("cat_eur").faceted), (Some(3), true));
    assert_eq!((features("prices.usd").filterable_rule, features("prices.usd").faceted), (Some(3), true));
    // Filterable without values: no pattern leads into the object.
    assert_eq!((features("a.x_eur").is_filterable(), features("a.x_eur").faceted), (true, false));
    assert_eq!(features("prices").filterable_rule, None);
    assert_eq!((features("note").is_filterable(), features("note").faceted), (false, true));
    assert_eq!((features("_geo.lat").filterable_rule, features("_geo.lat").faceted), (Some(5), true));
    assert!(!features("nothing").is_filterable() && !features("nothing").faceted);
    assert_eq!(features("nothing"), FieldFeatures { searchable_weight: Some(0), ..FieldFeatures::default() });
    assert!(settings.is_geo_filterable() && !settings.is_geo_sortable() && settings.is_geo_stored());
}

#[test]
fn reserved_fields_are_matched_by_their_name_only() {
    let settings = after(&[json!({"filterableAttributes": [
        {"attributePatterns": ["*", "_geo", "_geo.*"]}, "_geojson", "_vectors",
    ]})]);
    let rule = |name: &str| settings.field_features(name).filterable_rule;
    assert_eq!((rule("_geo"), rule("_geo.lat")), (None, None));
    assert_eq!((rule("_geojson"), rule("_geojson.type")), (Some(1), Some(1)));
    assert_eq!((rule("_vectors"), rule("_vectors.m")), (None, None));
}

#[test]
fn weights_and_exactness_follow_parents() {
    let settings = after(&[json!({
        "searchableAttributes": ["author", "title", "author.name"],
        "typoTolerance": {"disableOnAttributes": ["sku"]},
        "localizedAttributes": [{"attributePatterns": ["*_de"], "locales": ["de"]}],
        "rankingRules": ["rank.value:asc"], "distinctAttribute": "group",
    })]);
    assert_eq!(settings.searchable_weight("author.name"), Some(0));
    assert_eq!((settings.searchable_weight("title"), settings.searchable_weight("body")), (Some(1), None));
    assert_eq!(settings.searchable_weight_max(), 2);
    assert!(settings.field_features("sku.code").exact);
    assert_eq!(settings.locales("title_de").len(), 1);
    assert!(settings.field_features("rank.value").faceted && settings.field_features("group").faceted);
    assert_eq!(Settings::default().searchable_weight("_vectors.x"), None);
}

#[test]
fn embedders_merge_by_name_and_field() {
    let updates = [
        json!({"embedders": {"one": {"source": "userProvided", "dimensions": 4}, "two": {"source": "userProvided", "dimensions": 2, "distribution": {"mean": 0.6, "sigma": 0.15}}}}),
        json!({"embedders": {"two": {"distribution": null, "binaryQuantized": true}}}),
        json!({"embedders": {"one": {"source": "rest", "url": "http://localhost", "apiKey": "secret-secret", "request": "{{text}}", "response": "{{embedding}}"}}}),
    ];
    check(
        &updates[..2],
        "embedders",
        json!({
            "one": {"source": "userProvided", "dimensions": 4},
            "two": {"source": "userProvided", "dimensions": 2, "binaryQuantized": true},
        }),
    );
    let settings = after(&updates);
    let one = &settings.setting_json("embedders").unwrap()["one"];
    assert_eq!(
        (&one["apiKey"], &one["dimensions"], &one["headers"]),
        (&json!("seXXXX..."), &Value::Null, &json!({}))
    );
    assert_eq!(settings.to_json_with_secrets()["embedders"]["one"]["apiKey"], json!("secret-secret"));
    let (code, text) = refusal(&updates, json!({"embedders": {"two": {"binaryQuantized": false}}}));
    assert_eq!(code, Code::InvalidSettingsEmbedders);
    assert!(
        text.starts_with(
            "`.embedders.two.binaryQuantized`: Cannot disable the binary quantization.\n - Note:"
        ),
        "{text}"
    );
    let (_, text) = refusal(&updates, json!({"embedders": {"two": {"model": "m"}}}));
    assert_eq!(
        text,
        "`.embedders.two`: Field `model` unavailable for source `userProvided`.\n  - note: `model` is available for sources: `openAi`, `huggingFace`, `ollama`\n  - note: available fields for source `userProvided`: `source`, `dimensions`, `distribution`, `binaryQuantized`"
    );
    let (_, text) = refusal(&[], json!({"embedders": {"c": {"source": "userProvided"}}}));
    assert_eq!(
        text,
        "`.embedders.c`: Missing field `dimensions` (note: this field is mandatory for source `userProvided`)"
    );
    assert_eq!(after(&[updates[0].clone(), json!({"embedders": null})]).embedders.len(), 0);
}

#[test]
fn a_change_says_what_it_makes_wrong() {
    let diff = |before: Value, change: Value| after(&[before]).apply(&update(change)).unwrap().1;
    assert!(!diff(json!({}), json!({"stopWords": []})).any);
    let words = diff(json!({}), json!({"stopWords": ["a"]}));
    assert!(words.words && words.pairs && words.prefixes && !words.facets);
    let order =
        diff(json!({"searchableAttributes": ["a", "b"]}), json!({"searchableAttributes": ["b", "a"]}));
    assert!(order.any && !order.needs_documents());
    let exact = diff(json!({}), json!({"typoTolerance": {"disableOnNumbers": true}}));
    assert!(exact.words && !exact.pairs);
    let near = diff(json!({}), json!({"proximityPrecision": "byAttribute"}));
    assert!(near.pairs && !near.words);
    let prefix = diff(json!({}), json!({"prefixSearch": "disabled"}));
    assert!(prefix.prefixes && !prefix.needs_documents());
    let geo = diff(json!({}), json!({"sortableAttributes": ["_geo"]}));
    assert!(geo.geo && geo.facets);
    assert!(!diff(json!({}), json!({"synonyms": {"a": ["b"]}})).needs_documents());
}

#[test]
fn only_fields_with_other_facets_are_named() {
    let mut fields = Fields::default();
    for name in ["id", "color", "price", "a.x_eur"] {
        fields.insert(name).unwrap();
    }
    let changed = |before: Value, change: Value| {
        let before = after(&[before]);
        let (after, _) = before.apply(&update(change)).unwrap();
        before.changed_facet_fields(&after, &fields)
    };
    assert_eq!(changed(json!({}), json!({"filterableAttributes": ["color"]})), [1]);
    assert_eq!(
        changed(json!({"filterableAttributes": ["color"]}), json!({"distinctAttribute": "color"})),
        [0u16; 0]
    );
    assert_eq!(
        changed(
            json!({"filterableAttributes": ["color"]}),
            json!({"filterableAttributes": null, "sortableAttributes": ["price"]})
        ),
        [1, 2]
    );
    // From filterable without values to filterable with values.
    let patterns = |given: Value| json!({"filterableAttributes": [{"attributePatterns": given}]});
    assert_eq!(changed(patterns(json!(["*_eur"])), patterns(json!(["*_eur", "a.*"]))), [3]);
}

#[test]
fn synonyms_are_looked_up_as_words() {
    let settings = after(&[json!({"stopWords": ["the"], "synonyms": {
        "New York": ["NYC", "the big apple"], "new-york": ["Ny", "nyc"], "the": ["x"], "étage": []
    }})]);
    check(&[json!({"synonyms": {"B": ["c"], "A": []}})], "synonyms", json!({"A": [], "B": ["c"]}));
    let synonyms = quarry_index::settings::Synonyms::normalise(&settings.synonyms, &settings.tokenizer());
    assert_eq!(
        synonyms.of(&["new", "york"]),
        [vec!["nyc".to_owned()], vec!["big".to_owned(), "apple".to_owned()], vec!["ny".to_owned()]]
    );
    assert!(
        synonyms.of(&["the"]).is_empty()
            && synonyms.of(&["new"]).is_empty()
            && synonyms.of::<&str>(&[]).is_empty()
    );
}

/// Updates of every shape, some with the same keys.
fn any_update() -> impl Strategy<Value = Value> {
    let typo = prop_oneof![
        Just(json!(null)),
        Just(json!({"enabled": false})),
        Just(json!({"minWordSizeForTypos": {"oneTypo": 3}})),
        Just(json!({"minWordSizeForTypos": {"twoTypos": 12, "oneTypo": null}})),
        Just(json!({"minWordSizeForTypos": null, "disableOnWords": ["a"]})),
    ];
    let embedders = prop_oneof![
        Just(json!(null)),
        Just(json!({"a": {"source": "userProvided", "dimensions": 2}})),
        Just(json!({"a": {"source": "rest", "url": "u", "request": "r", "response": "s"}})),
        Just(json!({"a": {"source": "userProvided", "dimensions": 3, "distribution": null}, "b": null})),
        Just(json!({"b": {"source": "userProvided", "dimensions": 5}})),
        Just(json!({"a": null})),
    ];
    let chat = prop_oneof![
        Just(json!(null)),
        Just(json!({"description": "x"})),
        Just(json!({"searchParameters": {"limit": 3}})),
        Just(json!({"searchParameters": null, "documentTemplateMaxBytes": 7})),
        Just(json!({"searchParameters": {"limit": null, "sort": ["a:asc"]}})),
    ];
    let faceting = prop_oneof![
        Just(json!(null)),
        Just(json!({"maxValuesPerFacet": 3})),
        Just(json!({"sortFacetValuesBy": {"a": "count"}})),
        Just(json!({"sortFacetValuesBy": null})),
    ];
    let plain = prop_oneof![Just(json!(null)), Just(json!(["a"])), Just(json!(["a", "b"]))];
    let keyed = |name: &'static str, value: BoxedStrategy<Value>| {
        prop::option::of(value).prop_map(move |value| value.map(|value| (name.to_owned(), value)))
    };
    let parts = (
        keyed("typoTolerance", typo.boxed()),
        keyed("embedders", embedders.boxed()),
        keyed("chat", chat.boxed()),
        keyed("faceting", faceting.boxed()),
        keyed("sortableAttributes", plain.boxed()),
    );
    parts.prop_map(|(a, b, c, d, e)| Value::Object([a, b, c, d, e].into_iter().flatten().collect()))
}

proptest! {
    #[test]
    fn merged_updates_act_like_one_after_the_other(updates in prop::collection::vec(any_update(), 1..5)) {
        let mut merged = SettingsUpdate::default();
        for json in &updates {
            let update = update(json.clone());
            // An update survives its stored form.
            prop_assert_eq!(&serde_json::to_value(&update).unwrap(), json);
            merged.merge(update);
        }
        let apply = |settings: Settings, json: &Value| Some(settings.apply(&update(json.clone())).ok()?.0);
        let one_by_one = updates.iter().try_fold(Settings::default(), apply);
        if let Some(one_by_one) = one_by_one {
            prop_assert_eq!(Settings::default().apply(&merged).unwrap().0, one_by_one);
        }
    }

    #[test]
    fn settings_survive_their_stored_form(updates in prop::collection::vec(any_update(), 0..4)) {
        let apply = |settings: Settings, json: &Value| Some(settings.apply(&update(json.clone())).ok()?.0);
        if let Some(settings) = updates.iter().try_fold(Settings::default(), apply) {
            let stored = serde_json::to_string(&settings).unwrap();
            prop_assert_eq!(serde_json::from_str::<Settings>(&stored).unwrap(), settings);
        }
    }
}
