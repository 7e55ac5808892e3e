//! Ranking rules: each splits a universe of documents in ordered buckets.
//!
//! - this file: what a rule is, and which rules a search has;
//! - [`words`], [`typo`], [`proximity`], [`attribute_rank`], [`word_position`], [`exact_words`]: rules that look
//!   for the cheapest paths of the query graph, on the mechanism of [`graph_rule`]; [`placed`]: where words are;
//! - [`exact_attribute`]: the first half of exactness;
//! - [`sort`], [`geo_sort`]: rules that do not look at the query.

pub(crate) mod attribute_rank;
pub(crate) mod exact_attribute;
pub(crate) mod exact_words;
pub(crate) mod geo_sort;
pub(crate) mod graph_rule;
pub(crate) mod placed;
pub(crate) mod proximity;
pub(crate) mod sort;
#[cfg(test)]
mod tests;
pub(crate) mod typo;
pub(crate) mod word_position;
pub(crate) mod words;

use std::rc::Rc;

use quarry_index::settings::RankingRule;
use quarry_storage::StorageError;
use roaring::RoaringBitmap;
use rustc_hash::FxHashSet;

use crate::context::SearchContext;
use crate::graph::QueryGraph;
use crate::graph::removal::RemovalOrder;
use crate::request::MatchingStrategy;
use crate::score::ScoreDetail;
use crate::sort::{SortCriterion, SortOrder};

/// Documents that a rule holds for equal.
pub(crate) struct Bucket {
    pub documents: RoaringBitmap,
    /// What is left of the query for them.
    pub graph: Rc<QueryGraph>,
    pub detail: ScoreDetail,
}

/// A rule at work on one universe.
pub(crate) trait Buckets<'i> {
    /// The next best documents of `remaining`, the part of the universe that came in no bucket yet and was not
    /// excluded since; none if the rule has nothing to say about the rest.
    fn next(
        &mut self,
        context: &SearchContext<'i>,
        remaining: &RoaringBitmap,
    ) -> Result<Option<Bucket>, StorageError>;
}

/// One ranking rule of a search.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rule {
    Words,
    Typo,
    Proximity,
    AttributeRank(Half),
    WordPosition(Half),
    ExactAttribute,
    ExactWords,
    Field { name: String, order: SortOrder },
    GeoPoint { point: [f64; 2], order: SortOrder },
}

/// Whether a rule stands alone or is half of `attribute`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Whole,
    OfAttribute,
}

impl Rule {
    /// Whether it ranks by the query graph.
    pub(crate) fn reads_graph(&self) -> bool {
        !matches!(self, Rule::Field { .. } | Rule::GeoPoint { .. })
    }

    /// Whether the `words` rule must come before it.
    fn needs_words(rule: &RankingRule) -> bool {
        use RankingRule::*;
        matches!(rule, Typo | Proximity | Attribute | AttributeRank | WordPosition | Exactness)
    }

    /// Sets the rule to work.
    ///
    /// - `hands_graph_on`: whether a later rule reads the graph of its buckets
    pub(crate) fn start<'c, 'i>(
        &self,
        context: &'c SearchContext<'i>,
        removal: &RemovalOrder,
        universe: &RoaringBitmap,
        graph: &Rc<QueryGraph>,
        hands_graph_on: bool,
    ) -> Result<Box<dyn Buckets<'i> + 'c>, StorageError> {
        let graph = graph_rule::Start { context, universe, graph, hands_graph_on };
        match self {
            Rule::Words => words::start(&graph, removal),
            Rule::Typo => graph.run(typo::Typo),
            Rule::Proximity => graph.run(proximity::Proximity),
            Rule::AttributeRank(half) => graph.run(attribute_rank::AttributeRank { half: *half }),
            Rule::WordPosition(half) => graph.run(word_position::WordPosition { half: *half }),
            Rule::ExactWords => graph.run(exact_words::ExactWords),
            Rule::ExactAttribute => exact_attribute::start(&graph),
            Rule::Field { name, order } => sort::start(&graph, name, *order),
            Rule::GeoPoint { point, order } => geo_sort::start(&graph, *point, *order),
        }
    }
}

/// The rules of a search, in order.
///
/// - `has_words`: whether the query has anything to find
pub(crate) fn rules(
    settings: &[RankingRule],
    criteria: &[SortCriterion],
    strategy: MatchingStrategy,
    has_words: bool,
) -> Vec<Rule> {
    let words_allowed = strategy != MatchingStrategy::All;
    let mut list = RuleList { rules: Vec::new(), sorted_fields: FxHashSet::default(), words_allowed };
    let mut seen: Vec<&RankingRule> = Vec::new();
    for rule in settings {
        // Lists have many custom rules at most, and those count once by their field.
        let is_custom = matches!(rule, RankingRule::Ascending(_) | RankingRule::Descending(_));
        if !is_custom {
            if seen.contains(&rule) {
                continue;
            }
            seen.push(rule);
        }
        match rule {
            RankingRule::Sort => criteria.iter().for_each(|criterion| list.push_criterion(criterion)),
            RankingRule::Ascending(name) => list.push_field(name, SortOrder::Ascending),
            RankingRule::Descending(name) => list.push_field(name, SortOrder::Descending),
            of_words if has_words => list.push_of_words(of_words),
            _ => {}
        }
    }
    list.rules
}

struct RuleList {
    rules: Vec<Rule>,
    sorted_fields: FxHashSet<String>,
    words_allowed: bool,
}

impl RuleList {
    fn push_criterion(&mut self, criterion: &SortCriterion) {
        match criterion {
            SortCriterion::Field { name, order } => self.push_field(name, *order),
            SortCriterion::GeoPoint { point, order } => {
                self.rules.push(Rule::GeoPoint { point: *point, order: *order });
            }
        }
    }

    /// Adds a field, unless documents are already sorted by it.
    fn push_field(&mut self, field: &str, order: SortOrder) {
        if self.sorted_fields.insert(field.to_owned()) {
            self.rules.push(Rule::Field { name: field.to_owned(), order });
        }
    }

    fn push_of_words(&mut self, rule: &RankingRule) {
        let words_come_first = *rule == RankingRule::Words || Rule::needs_words(rule);
        if words_come_first && self.words_allowed && !self.rules.contains(&Rule::Words) {
            self.rules.push(Rule::Words);
        }
        match rule {
            RankingRule::Typo => self.rules.push(Rule::Typo),
            RankingRule::Proximity => self.rules.push(Rule::Proximity),
            RankingRule::Attribute => self
                .rules
                .extend([Rule::AttributeRank(Half::OfAttribute), Rule::WordPosition(Half::OfAttribute)]),
            RankingRule::AttributeRank => self.rules.push(Rule::AttributeRank(Half::Whole)),
            RankingRule::WordPosition => self.rules.push(Rule::WordPosition(Half::Whole)),
            RankingRule::Exactness => self.rules.extend([Rule::ExactAttribute, Rule::ExactWords]),
            RankingRule::Words
            | RankingRule::Sort
            | RankingRule::Ascending(_)
            | RankingRule::Descending(_) => {}
        }
    }
}

#[cfg(test)]
mod rule_list_tests {
    use super::*;

    fn check(settings: &[RankingRule], criteria: &[&str], strategy: MatchingStrategy, expected: &[Rule]) {
        let criteria: Vec<SortCriterion> =
            criteria.iter().map(|text| text.parse().expect("the tests write valid criteria")).collect();
        assert_eq!(rules(settings, &criteria, strategy, true), expected);
    }

    fn field(name: &str, order: SortOrder) -> Rule {
        Rule::Field { name: name.to_owned(), order }
    }

    #[test]
    fn words_come_before_the_first_rule_that_needs_them() {
        use MatchingStrategy::*;
        let rules = [RankingRule::Sort, RankingRule::Typo, RankingRule::Words, RankingRule::Typo];
        let year = field("year", SortOrder::Descending);
        check(&rules, &["year:desc"], Last, &[year.clone(), Rule::Words, Rule::Typo]);
        check(&rules, &["year:desc"], All, &[year, Rule::Typo]);
        check(&[RankingRule::Ascending("n".into())], &[], Last, &[field("n", SortOrder::Ascending)]);
    }

    #[test]
    fn a_field_sorts_once() {
        let rules =
            [RankingRule::Descending("a".into()), RankingRule::Sort, RankingRule::Ascending("b".into())];
        let expected = [field("a", SortOrder::Descending), field("b", SortOrder::Descending)];
        check(&rules, &["a:asc", "b:desc", "b:asc"], MatchingStrategy::Last, &expected);
    }

    #[test]
    fn placeholders_only_sort() {
        let settings = [RankingRule::Words, RankingRule::Exactness, RankingRule::Ascending("n".into())];
        let found = rules(&settings, &[], MatchingStrategy::Last, false);
        assert_eq!(found, [field("n", SortOrder::Ascending)]);
    }
}
