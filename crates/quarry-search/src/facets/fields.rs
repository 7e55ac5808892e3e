//! The fields whose values a request asks for, and whether the settings allow it.

use std::collections::BTreeMap;

use quarry_error::{Code, HasCode};
use quarry_index::fields::is_in;
use quarry_index::settings::FilterableRule;
use quarry_index::{FieldId, Settings, Snapshot, attribute_pattern};
use thiserror::Error;

/// Facets that cannot be counted. The message does not name the index.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FacetsError {
    /// No rule that allows filters meets the pattern.
    #[error("Invalid facet distribution: Pattern `{pattern}` is not filterable. {}", available_list(.available))]
    NotFilterable {
        /// The pattern of the request.
        pattern: String,
        /// The patterns of the rules that allow filters, sorted.
        available: Vec<String>,
    },
    /// The first rule for the field does not allow filters.
    #[error(
        "Invalid facet distribution: Attribute `{field}` matched rule #{rule} in filterableAttributes, but this rule does not enable filtering.\nHint: enable filtering in rule #{rule} by modifying the features.filter object\nHint: prepend another rule matching `{field}` with appropriate filter features before rule #{rule}"
    )]
    RuleWithoutFilter {
        /// The field of the request.
        field: String,
        /// Number of the rule, from 0.
        rule: usize,
    },
}

impl HasCode for FacetsError {
    fn code(&self) -> Code {
        Code::InvalidSearchFacets
    }
}

fn available_list(available: &[String]) -> String {
    if available.is_empty() {
        return "This index does not have configured filterable attributes.".to_owned();
    }
    format!("Available filterable attributes patterns are: `{}`.", available.join(", "))
}

/// Checks that every pattern meets a rule that allows filters.
///
/// # Errors
/// For the first that does not.
pub fn check(settings: &Settings, patterns: &[String]) -> Result<(), FacetsError> {
    patterns.iter().try_for_each(|pattern| check_pattern(settings, pattern))
}

fn check_pattern(settings: &Settings, pattern: &str) -> Result<(), FacetsError> {
    if !is_wild(pattern)
        && let Some((rule, features)) = settings.filterable_rule(pattern)
    {
        return match features.is_filterable() {
            true => Ok(()),
            false => Err(FacetsError::RuleWithoutFilter { field: pattern.to_owned(), rule }),
        };
    }
    let rules = || settings.filterable.iter().filter(|rule| rule.features().is_filterable());
    if rules().any(|rule| meets(pattern, rule)) {
        return Ok(());
    }
    let mut available: Vec<String> = rules().flat_map(|rule| rule.patterns()).cloned().collect();
    available.sort_unstable();
    available.dedup();
    Err(FacetsError::NotFilterable { pattern: pattern.to_owned(), available })
}

fn is_wild(pattern: &str) -> bool {
    pattern.starts_with('*') || pattern.ends_with('*')
}

/// Whether some name may match the pattern and the rule.
fn meets(pattern: &str, rule: &FilterableRule) -> bool {
    match rule {
        FilterableRule::Attribute(attribute) => {
            attribute_pattern::leads_into(pattern, attribute) || is_in(attribute, pattern)
        }
        FilterableRule::Patterns(rule) => rule.attribute_patterns.iter().any(|other| {
            attribute_pattern::leads_into(pattern, other)
                || attribute_pattern::leads_into(other, pattern)
                || are_both_open(pattern, other)
        }),
    }
}

/// Whether two patterns leave open what stands at one end each, so that some name matches both.
fn are_both_open(one: &str, other: &str) -> bool {
    let ends = |pattern: &str| (pattern.starts_with('*'), pattern.ends_with('*'));
    match (ends(one), ends(other)) {
        ((true, true), (start, end)) | ((start, end), (true, true)) => start || end,
        ((true, false), (false, true)) | ((false, true), (true, false)) => true,
        _ => false,
    }
}

/// The filterable fields that match a pattern or are nested in a field that is named, by name.
pub(super) fn asked_for<'s>(snapshot: &'s Snapshot<'_>, patterns: &[String]) -> BTreeMap<&'s str, FieldId> {
    let is_asked_for = |name: &str| {
        patterns.iter().any(|pattern| attribute_pattern::matches(pattern, name) || is_in(name, pattern))
    };
    let fields = snapshot.fields().iter();
    let asked =
        fields.filter(|&(field, name)| snapshot.features(field).is_filterable() && is_asked_for(name));
    asked.map(|(field, name)| (name, field)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check_one(rules: serde_json::Value, pattern: &str) -> Result<(), String> {
        let filterable = serde_json::from_value(rules).expect("the rules are valid");
        let settings = Settings { filterable, ..Settings::default() };
        check(&settings, &[pattern.to_owned()]).map_err(|error| error.to_string())
    }

    #[test]
    fn patterns_meet_names() {
        let rules = json!(["colour", "size", "stock"]);
        for pattern in ["colour", "*", "**", "s*", "*ze", "*o*", "stock.*", "stock.none", "colour.x"] {
            assert_eq!(check_one(rules.clone(), pattern), Ok(()), "{pattern}");
        }
        for pattern in ["Colour", "x*", "*x", "name", ""] {
            let expected = format!(
                "Invalid facet distribution: Pattern `{pattern}` is not filterable. \
                 Available filterable attributes patterns are: `colour, size, stock`."
            );
            assert_eq!(check_one(rules.clone(), pattern), Err(expected));
        }
        assert_eq!(check_one(json!(["stock.shop"]), "stock"), Ok(()));
    }

    #[test]
    fn patterns_meet_patterns() {
        let rules = |pattern: &str| json!([{ "attributePatterns": [pattern] }]);
        for (rule, pattern) in [
            ("*", "name"),
            ("*", "na*"),
            ("nam*", "n*"),
            ("n*", "nam*"),
            ("n*", "*e"),
            ("*e", "*a*"),
            ("*a*", "n*"),
        ] {
            assert_eq!(check_one(rules(rule), pattern), Ok(()), "{rule} {pattern}");
        }
        for (rule, pattern) in [("na*", "nb*"), ("*a", "*b"), ("na*", "x")] {
            assert!(check_one(rules(rule), pattern).is_err(), "{rule} {pattern}");
        }
    }

    #[test]
    fn rules_without_filter() {
        let off = json!({ "filter": { "equality": false, "comparison": false } });
        let rules = json!(["size", { "attributePatterns": ["colour", "ta*"], "features": off }]);
        let expected = "Invalid facet distribution: Attribute `tags` matched rule #1 in filterableAttributes, but this rule \
                        does not enable filtering.\nHint: enable filtering in rule #1 by modifying the features.filter \
                        object\nHint: prepend another rule matching `tags` with appropriate filter features before rule #1";
        assert_eq!(check_one(rules.clone(), "tags"), Err(expected.to_owned()));
        let expected = "Invalid facet distribution: Pattern `t*` is not filterable. \
                        Available filterable attributes patterns are: `size`.";
        assert_eq!(check_one(rules, "t*"), Err(expected.to_owned()));
        let expected = "Invalid facet distribution: Pattern `*` is not filterable. \
                        This index does not have configured filterable attributes.";
        assert_eq!(check_one(json!([]), "*"), Err(expected.to_owned()));
    }
}
