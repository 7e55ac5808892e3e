//! Whether the hits of two searches can be compared.
//!
//! The ranking rules of each search are brought into a canonical form: rules that do nothing are taken
//! out, consecutive relevancy rules become one. Two searches fit when their rules are of the same kind
//! at each place that both have.

use std::fmt;

use quarry_index::settings::{RankingRule, Settings};
use quarry_search::{SearchRequest, SortCriterion, SortOrder};

/// The ranking rules of one search in canonical form.
#[derive(Debug, Clone)]
pub struct CanonicalRules {
    position: usize,
    index_uid: String,
    rules: Vec<CanonicalRule>,
    removed: Vec<Removed>,
}

#[derive(Debug, Clone)]
struct CanonicalRule {
    kind: RuleKind,
    /// First and last place among the rules that were kept.
    places: (usize, usize),
    /// Place in the `sort` parameter.
    sort_place: Option<usize>,
    description: String,
}

/// What a rule compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RuleKind {
    Relevancy,
    Sort(SortOrder),
    GeoSort(SortOrder),
}

/// A rule that does nothing in this search.
#[derive(Debug, Clone)]
enum Removed {
    /// A relevancy rule of a search without words.
    Relevancy { name: String, place: usize },
    /// `sort`, of a search that does not sort.
    Sort { place: usize },
}

impl CanonicalRules {
    /// The rules of the search at `position` among the queries.
    pub fn new(
        position: usize,
        index_uid: &str,
        request: &SearchRequest,
        settings: &Settings,
    ) -> CanonicalRules {
        let is_placeholder = request.query.as_deref().is_none_or(|words| words.trim().is_empty());
        let mut canonical = CanonicalRules {
            position,
            index_uid: index_uid.to_owned(),
            rules: Vec::new(),
            removed: Vec::new(),
        };
        let mut place = 0;
        for (original_place, rule) in settings.ranking_rules.iter().enumerate() {
            let kept = match rule {
                RankingRule::Ascending(_) => canonical.push_custom(rule, SortOrder::Ascending, place),
                RankingRule::Descending(_) => canonical.push_custom(rule, SortOrder::Descending, place),
                RankingRule::Sort => canonical.push_sort(&request.sort, place, original_place),
                relevancy => canonical.push_relevancy(relevancy, is_placeholder, place, original_place),
            };
            place += usize::from(kept);
        }
        canonical
    }

    fn push_custom(&mut self, rule: &RankingRule, order: SortOrder, place: usize) -> bool {
        let description = format!("{} sort rule(s) {rule}", direction(order));
        let kind = RuleKind::Sort(order);
        self.rules.push(CanonicalRule { kind, places: (place, place), sort_place: None, description });
        true
    }

    fn push_sort(&mut self, sort: &[SortCriterion], place: usize, original_place: usize) -> bool {
        if sort.is_empty() {
            self.removed.push(Removed::Sort { place: original_place });
            return false;
        }
        for (sort_place, criterion) in sort.iter().enumerate() {
            let (kind, description) = match criterion {
                SortCriterion::Field { name, order } => {
                    (RuleKind::Sort(*order), format!("{} sort rule(s) on field `{name}`", direction(*order)))
                }
                SortCriterion::GeoPoint { order, .. } => (
                    RuleKind::GeoSort(*order),
                    format!("{} geo sort rule(s) on field `_geo`", direction(*order)),
                ),
            };
            let sort_place = Some(sort_place);
            self.rules.push(CanonicalRule { kind, places: (place, place), sort_place, description });
        }
        true
    }

    fn push_relevancy(
        &mut self,
        rule: &RankingRule,
        is_placeholder: bool,
        place: usize,
        original_place: usize,
    ) -> bool {
        if is_placeholder {
            self.removed.push(Removed::Relevancy { name: rule.to_string(), place: original_place });
            return false;
        }
        match self.rules.last_mut() {
            Some(last) if last.kind == RuleKind::Relevancy => {
                last.places.1 = place;
                last.description.push_str(", ");
                last.description.push_str(&rule.to_string());
            }
            _ => self.rules.push(CanonicalRule {
                kind: RuleKind::Relevancy,
                places: (place, place),
                sort_place: None,
                description: format!("relevancy rule(s) {rule}"),
            }),
        }
        true
    }

    /// Checks that hits of this search can be compared with hits of `before`.
    ///
    /// # Errors
    /// The first place where the rules are of different kinds.
    pub fn check(&self, before: &CanonicalRules) -> Result<(), Incompatible> {
        let pairs = before.rules.iter().zip(&self.rules);
        match pairs.into_iter().find(|(left, right)| left.kind != right.kind) {
            None => Ok(()),
            Some((left, right)) => Err(Incompatible {
                message: format!(
                    "The results of queries #{} and #{} are incompatible: \n  1. {}\n  2. {}\n  - {}\n{}{}",
                    before.position,
                    self.position,
                    before.described(left),
                    self.described(right),
                    reason(left.kind, right.kind),
                    before.notes(),
                    self.notes(),
                ),
            }),
        }
    }

    fn described(&self, rule: &CanonicalRule) -> String {
        let sort = rule.sort_place.map(|place| format!(".sort[{place}]")).unwrap_or_default();
        let places = match rule.places {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first}..={last}"),
        };
        format!(
            "`queries[{}]{sort}`, `{}.rankingRules[{places}]`: {}",
            self.position, self.index_uid, rule.description
        )
    }

    fn notes(&self) -> String {
        if self.removed.is_empty() {
            return String::new();
        }
        let mut notes = format!(
            "  - note: The ranking rules of query #{} were modified during canonicalization:\n",
            self.position
        );
        for (number, removed) in self.removed.iter().enumerate() {
            let number = number + 1;
            notes.push_str(&match removed {
                Removed::Relevancy { name, place } => format!(
                    "    {number}. Removed relevancy rule `{name}` at position #{place} in ranking rules because the \
                     query is a placeholder search (`q`: \"\")\n"
                ),
                Removed::Sort { place } => format!(
                    "   {number}. Removed rule `sort` at position #{place} in ranking rules because `query.sort` is \
                     empty\n"
                ),
            });
        }
        notes
    }
}

fn direction(order: SortOrder) -> &'static str {
    match order {
        SortOrder::Ascending => "ascending",
        SortOrder::Descending => "descending",
    }
}

fn reason(left: RuleKind, right: RuleKind) -> &'static str {
    match (left, right) {
        (RuleKind::Sort(_), RuleKind::Sort(_)) => "cannot compare two sort rules in opposite directions",
        (RuleKind::GeoSort(_), RuleKind::GeoSort(_)) => {
            "cannot compare two geosort rules in opposite directions"
        }
        (RuleKind::Relevancy, RuleKind::GeoSort(_)) | (RuleKind::GeoSort(_), RuleKind::Relevancy) => {
            "cannot compare a relevancy rule with a geosort rule"
        }
        (RuleKind::Sort(_), RuleKind::GeoSort(_)) | (RuleKind::GeoSort(_), RuleKind::Sort(_)) => {
            "cannot compare a sort rule with a geosort rule"
        }
        (RuleKind::Relevancy, _) | (_, RuleKind::Relevancy) => {
            "cannot compare a relevancy rule with a sort rule"
        }
    }
}

/// Two searches whose hits cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Incompatible {
    message: String,
}

impl fmt::Display for Incompatible {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn rules(position: usize, query: &str, sort: &[&str]) -> CanonicalRules {
        let request = SearchRequest {
            query: Some(query.to_owned()),
            sort: sort.iter().map(|criterion| criterion.parse().unwrap()).collect(),
            ..SearchRequest::default()
        };
        CanonicalRules::new(position, "films", &request, &Settings::default())
    }

    #[test]
    fn the_same_kinds_fit() {
        assert!(rules(0, "storm", &[]).check(&rules(1, "sea", &[])).is_ok());
        assert!(rules(0, "", &["a:asc"]).check(&rules(1, "", &["b:asc", "c:desc"])).is_ok());
        assert!(rules(0, "", &[]).check(&rules(1, "sea", &[])).is_ok());
    }

    #[test]
    fn relevancy_and_sort_do_not_fit() {
        let error = rules(0, "", &["year:asc"]).check(&rules(1, "storm", &[])).unwrap_err();
        assert!(error.to_string().starts_with(
            "The results of queries #1 and #0 are incompatible: \n  1. `queries[1]`, `films.rankingRules[0..=5]`: \
             relevancy rule(s) words, typo, proximity, attributeRank, wordPosition, exactness\n  2. \
             `queries[0].sort[0]`, `films.rankingRules[0]`: ascending sort rule(s) on field `year`\n  - cannot compare \
             a relevancy rule with a sort rule\n  - note: The ranking rules of query #1 were modified during \
             canonicalization:\n   1. Removed rule `sort` at position #4 in ranking rules because `query.sort` is \
             empty\n  - note: The ranking rules of query #0"
        ));
    }
}
