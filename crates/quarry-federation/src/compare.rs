//! Which of two hits comes first.
//!
//! What the rules said of a hit becomes a list of entries: consecutive ranking rules are one score, times
//! the weight of the search; each sort rule is an entry. Lists are compared entry by entry.

use std::cmp::Ordering;

use quarry_search::score::{ScoreDetail, SortValue};
use quarry_search::{SortOrder, global_score};

/// Scores that differ by less are equal.
const SCORE_STEP: f64 = 2.2e-16;

/// What decides the place of a hit.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    entries: Vec<Entry>,
    /// The score of all rules together, times the weight.
    pub weighted_score: f64,
}

#[derive(Debug, Clone, PartialEq)]
enum Entry {
    Score(f64),
    Sort { order: SortOrder, value: SortValue },
    Distance { order: SortOrder, metres: Option<f64> },
}

impl Standing {
    /// The standing of a hit with these details, found by a search of this weight.
    pub fn new(details: &[ScoreDetail], weight: f64) -> Standing {
        let mut entries = Vec::new();
        let mut ranks: Vec<ScoreDetail> = Vec::new();
        for detail in details {
            let entry = match detail {
                ScoreDetail::Sort { order, value, .. } => Entry::Sort { order: *order, value: value.clone() },
                ScoreDetail::GeoSort { order, found, .. } => {
                    Entry::Distance { order: *order, metres: found.map(|(_, metres)| metres) }
                }
                ScoreDetail::Vector(similarity) => Entry::Score(similarity.unwrap_or(0.0) * weight),
                rank => {
                    ranks.push(rank.clone());
                    continue;
                }
            };
            push_ranks(&mut entries, &mut ranks, weight);
            entries.push(entry);
        }
        push_ranks(&mut entries, &mut ranks, weight);
        Standing { entries, weighted_score: global_score(details) * weight }
    }

    /// `Less` when `self` comes first.
    pub fn compare(&self, other: &Standing) -> Ordering {
        for (place, (left, right)) in self.entries.iter().zip(&other.entries).enumerate() {
            match left.compare(right) {
                Some(Ordering::Equal) => {}
                Some(order) => return order,
                None => {
                    let remaining = |standing: &Standing| standing.entries.len() - place;
                    return remaining(other)
                        .cmp(&remaining(self))
                        .then_with(|| greater_first(self.weighted_score, other.weighted_score));
                }
            }
        }
        // A list that ends first loses.
        other.entries.len().cmp(&self.entries.len())
    }
}

fn push_ranks(entries: &mut Vec<Entry>, ranks: &mut Vec<ScoreDetail>, weight: f64) {
    if !ranks.is_empty() {
        entries.push(Entry::Score(global_score(ranks) * weight));
        ranks.clear();
    }
}

impl Entry {
    /// `None` when the two say nothing of each other.
    fn compare(&self, other: &Entry) -> Option<Ordering> {
        match (self, other) {
            (Entry::Score(left), Entry::Score(right)) => Some(greater_first(*left, *right)),
            (Entry::Sort { order, value: left }, Entry::Sort { order: other_order, value: right })
                if order == other_order =>
            {
                Some(compare_values(*order, left, right))
            }
            (
                Entry::Distance { order, metres: left },
                Entry::Distance { order: other_order, metres: right },
            ) if order == other_order => Some(match (left, right) {
                (Some(left), Some(right)) => in_order(*order, left.total_cmp(right)),
                (left, right) => right.is_some().cmp(&left.is_some()),
            }),
            // A score wins over a sort rule unless it is nothing.
            (Entry::Score(score), _) if *score > 0.0 => Some(Ordering::Less),
            (_, Entry::Score(score)) if *score > 0.0 => Some(Ordering::Greater),
            _ => None,
        }
    }
}

fn greater_first(left: f64, right: f64) -> Ordering {
    if (left - right).abs() < SCORE_STEP { Ordering::Equal } else { right.total_cmp(&left) }
}

/// Numbers before texts before nothing, in both directions.
fn compare_values(order: SortOrder, left: &SortValue, right: &SortValue) -> Ordering {
    let family = |value: &SortValue| match value {
        SortValue::Number(_) => 0,
        SortValue::Text(_) => 1,
        SortValue::Missing => 2,
    };
    match (left, right) {
        (SortValue::Number(left), SortValue::Number(right)) => in_order(order, left.total_cmp(right)),
        (SortValue::Text(left), SortValue::Text(right)) => in_order(order, left.cmp(right)),
        (left, right) => family(left).cmp(&family(right)),
    }
}

fn in_order(order: SortOrder, ascending: Ordering) -> Ordering {
    match order {
        SortOrder::Ascending => ascending,
        SortOrder::Descending => ascending.reverse(),
    }
}

#[cfg(test)]
mod tests {
    use quarry_search::score::Rank;

    use super::*;

    fn words(rank: u32) -> ScoreDetail {
        ScoreDetail::Words(Rank { rank, rank_max: 2 })
    }

    fn year(order: SortOrder, value: SortValue) -> ScoreDetail {
        ScoreDetail::Sort { field: "year".to_owned(), order, value }
    }

    fn check(left: &[ScoreDetail], right: &[ScoreDetail], expected: Ordering) {
        let (left, right) = (Standing::new(left, 1.0), Standing::new(right, 1.0));
        assert_eq!(left.compare(&right), expected);
        assert_eq!(right.compare(&left), expected.reverse());
    }

    #[test]
    fn the_greater_score_comes_first() {
        check(&[words(2)], &[words(1)], Ordering::Less);
        check(&[words(2)], &[words(2)], Ordering::Equal);
    }

    #[test]
    fn weights_are_factors() {
        let light = Standing::new(&[words(2)], 0.1);
        let heavy = Standing::new(&[words(1)], 2.0);
        assert_eq!(heavy.compare(&light), Ordering::Less);
        assert!((heavy.weighted_score - 1.0).abs() < 1e-12);
    }

    #[test]
    fn sort_rules_order_numbers_texts_nothing() {
        use SortOrder::{Ascending, Descending};
        let number = |number| SortValue::Number(number);
        check(&[year(Ascending, number(1.0))], &[year(Ascending, number(2.0))], Ordering::Less);
        check(&[year(Descending, number(1.0))], &[year(Descending, number(2.0))], Ordering::Greater);
        check(
            &[year(Descending, number(1.0))],
            &[year(Descending, SortValue::Text("a".to_owned()))],
            Ordering::Less,
        );
        check(&[year(Ascending, SortValue::Missing)], &[year(Ascending, number(1.0))], Ordering::Greater);
    }

    #[test]
    fn a_list_that_ends_first_loses() {
        check(&[words(2), year(SortOrder::Ascending, SortValue::Missing)], &[words(2)], Ordering::Less);
    }
}
