//! Scores: the rank that each rule gave to a document, and their combination.

use quarry_index::Settings;
use serde_json::{Map, Value, json};

use crate::sort::SortOrder;

/// The place of a document among those that one rule told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rank {
    /// 1 (worst) to `rank_max`; 0 only for a rule that did not run.
    pub rank: u32,
    /// At least 1.
    pub rank_max: u32,
}

impl Rank {
    /// 0 to 1.
    pub fn score(self) -> f64 {
        f64::from(self.rank) / f64::from(self.rank_max)
    }
}

/// Ranks of several rules in order, as one rank. Floats hold such integers exactly up to 2^53 and lose only
/// what no threshold could tell beyond.
#[derive(Debug, Clone, Copy)]
struct CombinedRank {
    rank: f64,
    rank_max: f64,
}

impl CombinedRank {
    const NONE: CombinedRank = CombinedRank { rank: 1.0, rank_max: 1.0 };

    fn then(self, next: Rank) -> CombinedRank {
        let (rank, rank_max) = (f64::from(next.rank), f64::from(next.rank_max));
        CombinedRank {
            rank: (self.rank - 1.0).max(0.0) * rank_max + rank,
            rank_max: self.rank_max * rank_max,
        }
    }

    fn score(self) -> f64 {
        self.rank / self.rank_max
    }
}

/// How much of an attribute the query is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchType {
    /// Some attribute is the query.
    Exact,
    /// Some attribute starts with the query.
    Start,
    /// Neither.
    None,
}

impl MatchType {
    fn rank(self) -> Rank {
        let rank = match self {
            MatchType::Exact => 3,
            MatchType::Start => 2,
            MatchType::None => 1,
        };
        Rank { rank, rank_max: 3 }
    }

    fn name(self) -> &'static str {
        match self {
            MatchType::Exact => "exactMatch",
            MatchType::Start => "matchesStart",
            MatchType::None => "noExactMatch",
        }
    }
}

/// What a document was sorted by.
#[derive(Debug, Clone, PartialEq)]
pub enum SortValue {
    /// A number.
    Number(f64),
    /// A normalised string.
    Text(String),
    /// It has none.
    Missing,
}

/// What one rule said of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum ScoreDetail {
    /// `words`: rank = matching words.
    Words(Rank),
    /// `typo`.
    Typo {
        /// Typos of the document.
        typos: u32,
        /// Typos of the worst document that could match.
        typos_max: u32,
    },
    /// `proximity`.
    Proximity(Rank),
    /// `attributeRank`.
    AttributeRank(Rank),
    /// `wordPosition`.
    WordPosition(Rank),
    /// First half of `attribute`.
    AttributeFirst(Rank),
    /// Second half of `attribute`, always after the first.
    AttributeSecond(Rank),
    /// First half of `exactness`.
    ExactAttribute(MatchType),
    /// Second half of `exactness`, always after the first: rank = exact words + 1.
    ExactWords(Rank),
    /// A sort criterion or a custom rule.
    Sort {
        /// The field.
        field: String,
        /// The direction.
        order: SortOrder,
        /// What the document was sorted by.
        value: SortValue,
    },
    /// Distance to a point.
    GeoSort {
        /// The point of the request, latitude and longitude.
        target: [f64; 2],
        /// The direction.
        order: SortOrder,
        /// The point of the first document of the bucket, and its distance in metres; none without a point.
        found: Option<([f64; 2], f64)>,
    },
    /// Nearness of vectors, which stands for all rules; none without a vector.
    Vector(Option<f64>),
    /// The search was out of time.
    Skipped,
}

impl ScoreDetail {
    /// The rank that counts in the score; none for rules that only order.
    fn rank(&self) -> Option<Rank> {
        match self {
            ScoreDetail::Typo { typos, typos_max } => {
                Some(Rank { rank: typos_max + 1 - typos, rank_max: typos_max + 1 })
            }
            ScoreDetail::Words(rank)
            | ScoreDetail::Proximity(rank)
            | ScoreDetail::AttributeRank(rank)
            | ScoreDetail::WordPosition(rank)
            | ScoreDetail::AttributeFirst(rank)
            | ScoreDetail::AttributeSecond(rank)
            | ScoreDetail::ExactWords(rank) => Some(*rank),
            ScoreDetail::ExactAttribute(match_type) => Some(match_type.rank()),
            ScoreDetail::Skipped => Some(Rank { rank: 0, rank_max: 1 }),
            ScoreDetail::Sort { .. } | ScoreDetail::GeoSort { .. } | ScoreDetail::Vector(_) => None,
        }
    }
}

/// The score of a document: 0 to 1, 1 if no rule counted.
///
/// A vector detail replaces all others.
pub fn global_score(details: &[ScoreDetail]) -> f64 {
    let similarity = details.iter().find_map(|detail| match detail {
        ScoreDetail::Vector(similarity) => Some(similarity.unwrap_or(0.0)),
        _ => None,
    });
    similarity.unwrap_or_else(|| {
        let ranks = details.iter().filter_map(ScoreDetail::rank);
        ranks.fold(CombinedRank::NONE, CombinedRank::then).score()
    })
}

/// The details as hits show them: rule to its values, with the order of the rules.
///
/// Values of attributes that are not displayed are hidden.
pub fn details_to_json(details: &[ScoreDetail], settings: &Settings) -> Map<String, Value> {
    let mut shown = Map::new();
    let mut order = 0;
    let mut details = details.iter().peekable();
    while let Some(detail) = details.next() {
        let (name, fields) = match detail {
            ScoreDetail::AttributeFirst(first) => {
                let second = details.next_if(|next| matches!(next, ScoreDetail::AttributeSecond(_)));
                ("attribute".to_owned(), attribute_json(*first, second))
            }
            ScoreDetail::ExactAttribute(match_type) => {
                let second = details.next_if(|next| matches!(next, ScoreDetail::ExactWords(_)));
                ("exactness".to_owned(), exactness_json(*match_type, second))
            }
            other => rule_json(other, order, settings),
        };
        // `order` comes first, as in the published examples.
        let mut in_order = Map::new();
        in_order.insert("order".to_owned(), json!(order));
        in_order.extend(fields);
        shown.insert(name, Value::Object(in_order));
        order += 1;
    }
    shown
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn rank_json(rank: Rank) -> Map<String, Value> {
    fields([("score", json!(rank.score()))])
}

fn attribute_json(first: Rank, second: Option<&ScoreDetail>) -> Map<String, Value> {
    let Some(ScoreDetail::AttributeSecond(second)) = second else {
        return fields([
            ("attributeRankingOrderScore", json!(first.score())),
            ("score", json!(first.score())),
        ]);
    };
    let both = CombinedRank::NONE.then(first).then(*second).score();
    fields([
        ("attributeRankingOrderScore", json!(first.score())),
        ("queryWordDistanceScore", json!(second.score())),
        ("score", json!(both)),
    ])
}

fn exactness_json(match_type: MatchType, second: Option<&ScoreDetail>) -> Map<String, Value> {
    let first = match_type.rank();
    match second {
        Some(ScoreDetail::ExactWords(words)) if match_type == MatchType::None => fields([
            ("matchType", json!(match_type.name())),
            ("matchingWords", json!(words.rank.saturating_sub(1))),
            ("maxMatchingWords", json!(words.rank_max.saturating_sub(1))),
            ("score", json!(CombinedRank::NONE.then(first).then(*words).score())),
        ]),
        _ => fields([("matchType", json!(match_type.name())), ("score", json!(first.score()))]),
    }
}

/// Name and fields of a rule that has one detail.
fn rule_json(detail: &ScoreDetail, order: usize, settings: &Settings) -> (String, Map<String, Value>) {
    match detail {
        ScoreDetail::Words(rank) => {
            let counts = [
                ("matchingWords", json!(rank.rank)),
                ("maxMatchingWords", json!(rank.rank_max)),
                ("score", json!(rank.score())),
            ];
            ("words".to_owned(), fields(counts))
        }
        ScoreDetail::Typo { typos, typos_max } => {
            let score = f64::from(typos_max + 1 - typos) / f64::from(typos_max + 1);
            let counts =
                [("typoCount", json!(typos)), ("maxTypoCount", json!(typos_max)), ("score", json!(score))];
            ("typo".to_owned(), fields(counts))
        }
        ScoreDetail::Proximity(rank) => ("proximity".to_owned(), rank_json(*rank)),
        ScoreDetail::AttributeRank(rank) => ("attributeRank".to_owned(), rank_json(*rank)),
        ScoreDetail::WordPosition(rank) => ("wordPosition".to_owned(), rank_json(*rank)),
        ScoreDetail::AttributeFirst(rank) | ScoreDetail::AttributeSecond(rank) => {
            ("attribute".to_owned(), rank_json(*rank))
        }
        ScoreDetail::ExactAttribute(match_type) => ("exactness".to_owned(), rank_json(match_type.rank())),
        ScoreDetail::ExactWords(rank) => ("exactness".to_owned(), rank_json(*rank)),
        ScoreDetail::Sort { field, order: direction, value } => {
            if !settings.is_displayed(field) {
                return (format!("<hidden-rule-{order}>"), fields([("value", json!("<hidden>"))]));
            }
            (format!("{field}:{direction}"), fields([("value", sort_value_json(value))]))
        }
        ScoreDetail::GeoSort { target: [latitude, longitude], order: direction, found } => {
            let value = found.map_or(Value::Null, |([lat, lng], _)| json!({ "lat": lat, "lng": lng }));
            let distance = found.map_or(Value::Null, |(_, metres)| json!(metres));
            let name = format!("_geoPoint({latitude}, {longitude}):{direction}");
            (name, fields([("value", value), ("distance", distance)]))
        }
        ScoreDetail::Vector(similarity) => {
            ("vectorSort".to_owned(), fields([("similarity", json!(similarity))]))
        }
        ScoreDetail::Skipped => ("skipped".to_owned(), Map::new()),
    }
}

fn sort_value_json(value: &SortValue) -> Value {
    match value {
        SortValue::Number(number) => json!(number),
        SortValue::Text(text) => json!(text),
        SortValue::Missing => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(rank: u32, rank_max: u32) -> Rank {
        Rank { rank, rank_max }
    }

    fn check(details: &[ScoreDetail], expected: f64) {
        let score = global_score(details);
        assert!((score - expected).abs() < 1e-9, "{score} is not {expected}");
    }

    #[test]
    fn ranks_combine_in_order() {
        use ScoreDetail::*;
        check(&[], 1.0);
        check(&[Words(rank(2, 2)), Typo { typos: 0, typos_max: 2 }, ExactAttribute(MatchType::Exact)], 1.0);
        check(
            &[
                Words(rank(2, 2)),
                Typo { typos: 0, typos_max: 2 },
                Proximity(rank(4, 4)),
                AttributeFirst(rank(3, 3)),
                AttributeSecond(rank(15, 21)),
                ExactAttribute(MatchType::None),
                ExactWords(rank(3, 3)),
            ],
            0.995_590_828_924_162_3,
        );
    }

    #[test]
    fn orders_do_not_count_and_vectors_replace() {
        let sorted =
            ScoreDetail::Sort { field: "n".into(), order: SortOrder::Ascending, value: SortValue::Missing };
        check(&[ScoreDetail::Words(rank(1, 2)), sorted.clone()], 0.5);
        check(&[sorted, ScoreDetail::Vector(Some(0.25)), ScoreDetail::Words(rank(1, 1))], 0.25);
        check(&[ScoreDetail::Vector(None)], 0.0);
    }

    #[test]
    fn skipped_rules_are_worth_nothing() {
        check(&[ScoreDetail::Skipped], 0.0);
        check(&[ScoreDetail::Words(rank(3, 3)), ScoreDetail::Skipped], 2.0 / 3.0);
    }

    #[test]
    fn halves_share_one_entry() {
        let details = [
            ScoreDetail::Words(rank(2, 2)),
            ScoreDetail::ExactAttribute(MatchType::None),
            ScoreDetail::ExactWords(rank(2, 3)),
            ScoreDetail::Skipped,
        ];
        let shown = Value::Object(details_to_json(&details, &Settings::default()));
        let expected = json!({
            "words": {"order": 0, "matchingWords": 2, "maxMatchingWords": 2, "score": 1.0},
            "exactness": {"order": 1, "matchType": "noExactMatch", "matchingWords": 1, "maxMatchingWords": 2, "score": 2.0 / 9.0},
            "skipped": {"order": 2},
        });
        assert_eq!(shown, expected);
    }
}
