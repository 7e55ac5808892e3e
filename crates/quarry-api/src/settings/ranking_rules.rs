//! `rankingRules`: names of rules, and fields in a direction.

use deserr::Deserr;
use quarry_error::{Code, ErrorResponse};
use serde::Serialize;

/// A valid ranking rule, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr)]
#[deserr(try_from(String) = RankingRule::try_from -> InvalidRankingRule)]
#[serde(transparent)]
pub struct RankingRule(String);

impl RankingRule {
    /// The rule as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is not a ranking rule.
#[derive(Debug, Clone, thiserror::Error)]
#[allow(missing_docs)]
pub enum InvalidRankingRule {
    /// Neither a known rule nor a field in a direction.
    #[error(
        "`{name}` ranking rule is invalid. Valid ranking rules are words, typo, sort, proximity, attribute, \
         exactness and custom ranking rules."
    )]
    Unknown { name: String },
    /// A name that means something else.
    #[error("`{name}` is a reserved keyword and thus can't be used as a ranking rule")]
    Reserved { name: String },
    /// A name that only means something in `sort`.
    #[error(
        "`{name}` is a reserved keyword and thus can't be used as a ranking rule. `{name}` can only be used for \
         sorting at search time"
    )]
    ReservedForSort { name: String },
    /// A name that only means something in `filter`.
    #[error(
        "`{name}` is a reserved keyword and thus can't be used as a ranking rule. `{name}` can only be used for \
         filtering at search time"
    )]
    ReservedForFilter { name: String },
}

const NAMED: &[&str] =
    &["words", "typo", "sort", "proximity", "attribute", "attributeRank", "wordPosition", "exactness"];

impl TryFrom<String> for RankingRule {
    type Error = InvalidRankingRule;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if NAMED.contains(&text.as_str()) {
            return Ok(RankingRule(text));
        }
        let direction = text.strip_suffix(":asc").or_else(|| text.strip_suffix(":desc"));
        match (reserved(direction.unwrap_or(&text)), direction) {
            (Some(error), _) => Err(error),
            (None, Some(_)) => Ok(RankingRule(text)),
            (None, None) => Err(InvalidRankingRule::Unknown { name: text }),
        }
    }
}

fn reserved(field: &str) -> Option<InvalidRankingRule> {
    let starts = |name: &str| field.starts_with(name).then(|| name.to_owned());
    if let Some(name) = starts("_geoPoint") {
        return Some(InvalidRankingRule::ReservedForSort { name });
    }
    if let Some(name) = starts("_geoRadius").or_else(|| starts("_geoBoundingBox")) {
        return Some(InvalidRankingRule::ReservedForFilter { name });
    }
    let exact = ["_geo", "_geojson", "_geoDistance", "_geoPolygon"].contains(&field);
    exact.then(|| InvalidRankingRule::Reserved { name: field.to_owned() })
}

/// `attribute` does the work of `attributeRank` and `wordPosition`: both together make no sense.
pub(super) fn check_mixture(rules: &[RankingRule]) -> Result<(), ErrorResponse> {
    let has = |name: &str| rules.iter().any(|rule| rule.as_str() == name);
    if has("attribute") && (has("attributeRank") || has("wordPosition")) {
        return Err(ErrorResponse::new(
            "Mixed usage of the attribute, attributeRank, and wordPosition ranking rules. You must either use the \
             attribute ranking rule alone or the attributeRank and wordPosition ranking rules.",
            Code::InvalidSettingsRankingRules,
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let check = |text: &str, valid: bool| {
            assert_eq!(RankingRule::try_from(text.to_owned()).is_ok(), valid, "{text}");
        };
        check("words", true);
        check("price:asc", true);
        check("a:b:desc", true);
        check(":asc", true);
        check("words:asc", true);
        check("Words", false);
        check("price", false);
        check("", false);
        check("_geo:asc", false);
        check("_geoPoint(1, 2):asc", false);
        check("_geoRadius", false);
        check("_geoOther:asc", true);
    }
}
