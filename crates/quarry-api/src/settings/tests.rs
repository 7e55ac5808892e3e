//! Settings as requests send them.

#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

fn parse(body: Value) -> Result<Settings, ErrorResponse> {
    from_json::<Settings, BadRequest>(body)
}

#[test]
fn three_states_survive() {
    let settings = parse(json!({"stopWords": ["b", "a", "b"], "synonyms": null})).unwrap();
    assert_eq!(Value::Object(settings.to_json()), json!({"stopWords": ["a", "b"], "synonyms": null}));
}

#[test]
fn attribute_lists_are_reset_by_a_star() {
    let settings = parse(json!({"displayedAttributes": ["a", "*"], "searchableAttributes": null})).unwrap();
    assert_eq!(
        Value::Object(settings.to_json()),
        json!({"displayedAttributes": ["a", "*"], "searchableAttributes": ["*"]})
    );
}

#[test]
fn rules_are_filled_with_their_defaults() {
    let settings = parse(json!({"filterableAttributes": ["a", {"attributePatterns": ["b*"]}]})).unwrap();
    assert_eq!(
        Value::Object(settings.to_json()),
        json!({"filterableAttributes": ["a", {"attributePatterns": ["b*"],
            "features": {"facetSearch": false, "filter": {"equality": true, "comparison": false}}}]})
    );
}

#[test]
fn errors_have_the_code_of_the_setting() {
    let check = |body: Value, message: &str, code: Code| {
        let error = parse(body).unwrap_err();
        assert_eq!((error.message.as_str(), error.code), (message, code));
    };
    check(
        json!({"typoTolerance": {"minWordSizeForTypos": {"oneTypo": 6, "twoTypos": 3}}}),
        "Invalid value at `.typoTolerance.minWordSizeForTypos`: `minWordSizeForTypos` setting is invalid. `oneTypo` \
         and `twoTypos` fields should be between `0` and `255`, and `twoTypos` should be greater or equals to \
         `oneTypo` but found `oneTypo: 6` and twoTypos: 3`.",
        Code::InvalidSettingsTypoTolerance,
    );
    check(
        json!({"rankingRules": ["words", "fame"]}),
        "Invalid value at `.rankingRules[1]`: `fame` ranking rule is invalid. Valid ranking rules are words, typo, \
         sort, proximity, attribute, exactness and custom ranking rules.",
        Code::InvalidSettingsRankingRules,
    );
    check(
        json!({"pagination": {"maxTotalHits": 0}}),
        "Invalid value at `.pagination.maxTotalHits`: a non-zero integer value lower than `18446744073709551615` \
         was expected, but found a zero",
        Code::InvalidSettingsPagination,
    );
}

#[test]
fn a_sub_route_takes_the_value_itself() {
    let route = ROUTES.iter().find(|route| route.path == "stop-words").unwrap();
    assert_eq!(route.parse(json!(["a"])).unwrap(), parse(json!({"stopWords": ["a"]})).unwrap());
    assert_eq!(route.parse(Value::Null).unwrap(), route.reset());
    let error = route.parse(json!("a")).unwrap_err();
    assert_eq!(error.message, "Invalid value type: expected an array, but found a string: `\"a\"`");
}

#[test]
fn embedders_know_the_fields_of_their_source() {
    let check = |embedder: Value, message: &str| {
        let settings = parse(json!({"embedders": {"c": embedder}})).unwrap();
        let result = settings.validate(&Features::default());
        assert_eq!(result.map_err(|error| error.message), Err(message.to_owned()));
    };
    check(
        json!({"source": "userProvided"}),
        "`.embedders.c`: Missing field `dimensions` (note: this field is mandatory for source `userProvided`)",
    );
    check(
        json!({"source": "userProvided", "dimensions": 3, "model": "m"}),
        "`.embedders.c`: Field `model` unavailable for source `userProvided`.\n  - note: `model` is available for \
         sources: `openAi`, `huggingFace`, `ollama`\n  - note: available fields for source `userProvided`: \
         `source`, `dimensions`, `distribution`, `binaryQuantized`",
    );
    check(
        json!({"source": "openAi", "model": "text-embedding-3-small", "dimensions": 5000}),
        "`.embedders.c.dimensions`: Model `text-embedding-3-small` does not support overriding its dimensions to a \
         value higher than 1536. Found 5000",
    );
    check(
        json!({"source": "openAi", "documentTemplate": "{{ doc.title "}),
        "`.embedders.c.documentTemplate`: Invalid template: user error: cannot parse template: liquid:  --> 1:4\n  |\n\
         1 | {{ doc.title \n  |    ^---\n  |\n  = expected Literal\n.",
    );
}
