//! `rankingRules`: what orders the documents that match, most important first.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Change, SettingsError};

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum RankingRule {
    /// `words`
    Words,
    /// `typo`
    Typo,
    /// `proximity`
    Proximity,
    /// `attribute`: `attributeRank`, then `wordPosition`.
    Attribute,
    /// `attributeRank`
    AttributeRank,
    /// `wordPosition`
    WordPosition,
    /// `sort`
    Sort,
    /// `exactness`
    Exactness,
    /// `field:asc`
    Ascending(String),
    /// `field:desc`
    Descending(String),
}

/// The rules of a new index.
pub fn default_rules() -> Vec<RankingRule> {
    vec![
        RankingRule::Words,
        RankingRule::Typo,
        RankingRule::Proximity,
        RankingRule::AttributeRank,
        RankingRule::Sort,
        RankingRule::WordPosition,
        RankingRule::Exactness,
    ]
}

impl fmt::Display for RankingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RankingRule::Words => "words",
            RankingRule::Typo => "typo",
            RankingRule::Proximity => "proximity",
            RankingRule::Attribute => "attribute",
            RankingRule::AttributeRank => "attributeRank",
            RankingRule::WordPosition => "wordPosition",
            RankingRule::Sort => "sort",
            RankingRule::Exactness => "exactness",
            RankingRule::Ascending(field) => return write!(f, "{field}:asc"),
            RankingRule::Descending(field) => return write!(f, "{field}:desc"),
        })
    }
}

impl From<RankingRule> for String {
    fn from(rule: RankingRule) -> String {
        rule.to_string()
    }
}

impl TryFrom<String> for RankingRule {
    type Error = SettingsError;

    fn try_from(text: String) -> Result<RankingRule, SettingsError> {
        Ok(match text.as_str() {
            "words" => RankingRule::Words,
            "typo" => RankingRule::Typo,
            "proximity" => RankingRule::Proximity,
            "attribute" => RankingRule::Attribute,
            "attributeRank" => RankingRule::AttributeRank,
            "wordPosition" => RankingRule::WordPosition,
            "sort" => RankingRule::Sort,
            "exactness" => RankingRule::Exactness,
            _ => match text.rsplit_once(':') {
                Some((field, "asc")) => RankingRule::Ascending(field.to_owned()),
                Some((field, "desc")) => RankingRule::Descending(field.to_owned()),
                _ => return Err(SettingsError::InvalidRankingRule { rule: text }),
            },
        })
    }
}

/// The setting after an update.
pub(super) fn apply(
    before: &[RankingRule],
    update: &Change<Vec<String>>,
) -> Result<Vec<RankingRule>, SettingsError> {
    let given = match update {
        Change::Unchanged => return Ok(before.to_vec()),
        Change::Reset => return Ok(default_rules()),
        Change::Set(given) => given,
    };
    let rules = given.iter().cloned().map(RankingRule::try_from).collect::<Result<Vec<_>, _>>()?;
    let is_part = |rule: &RankingRule| matches!(rule, RankingRule::AttributeRank | RankingRule::WordPosition);
    if rules.contains(&RankingRule::Attribute) && rules.iter().any(is_part) {
        return Err(SettingsError::MixedAttributeRules);
    }
    Ok(rules)
}
