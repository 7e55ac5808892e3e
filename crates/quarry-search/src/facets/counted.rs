//! Values with their counts, in the order in which they are shown, as many as are shown.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use quarry_index::DocumentId;

/// Values are grouped, and groups again, while that makes so many groups at least.
const GROUPS_MIN: u64 = 5;

/// At most so many groups are not grouped again, so that at most so many values are alone in theirs.
const ALONE_MAX: usize = 16;

/// A value and how many candidates hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counted {
    /// As in the keys of the facet tables: in the order of what it stands for.
    pub value: Vec<u8>,
    /// Candidates that hold it: one at least.
    pub count: u64,
    /// The lowest of them, if it is known.
    pub first_document: Option<DocumentId>,
}

/// The order in which the values of one kind are shown.
#[derive(Debug, Clone, Copy)]
pub(super) enum ShownOrder {
    /// As values.
    Ascending,
    /// By what this makes of a value.
    By(fn(&[u8]) -> String),
    /// The most frequent first, of equally frequent ones the last first.
    Count,
    /// The same, but where the cut is between equally frequent values, those stay of whose group some
    /// candidate holds another value too; then those of whose group of groups this is true, and so on. Needs
    /// to be told of the values that no candidate holds ([`Shown::skip`]). A walk down a tree of groups, the
    /// fullest first, meets values so, and it is what clients know.
    CountInGroups(GroupSize),
}

/// How many neighbours make a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupSize {
    /// As strings are grouped.
    Two,
    /// As numbers are grouped.
    Four,
}

impl GroupSize {
    /// The size, as a power of two.
    fn bits(self) -> u32 {
        match self {
            GroupSize::Two => 1,
            GroupSize::Four => 2,
        }
    }

    /// How many levels of groups around the value at `place` do not reach the one at `other`.
    fn levels_between(self, place: u64, other: u64) -> u32 {
        (place ^ other).checked_ilog2().unwrap_or(0) / self.bits()
    }

    /// How many levels of groups there are over `values_count` values.
    fn levels(self, values_count: u64) -> u32 {
        let grouped = |count: u64| count.div_ceil(1 << self.bits());
        let sizes = std::iter::successors(Some(grouped(values_count)), |count| Some(grouped(*count)));
        sizes.take_while(|count| *count >= GROUPS_MIN).count() as u32
    }
}

/// The first values in an order, out of values that come ascending.
#[derive(Debug)]
pub(super) struct Shown {
    order: ShownOrder,
    values_max: usize,
    /// Values that came, those that were skipped included.
    passed: u64,
    listed: Vec<Counted>,
    frequent: Frequent,
    /// The last value, of which the one after it is not known yet.
    waiting: Option<Waiting>,
    last_place: Option<u64>,
}

/// A value that waits for the one after it.
#[derive(Debug)]
struct Waiting {
    counted: Counted,
    place: u64,
    place_before: Option<u64>,
}

impl Shown {
    /// At most `values_max` values.
    pub(super) fn new(order: ShownOrder, values_max: usize) -> Shown {
        let kept_max = match order {
            ShownOrder::CountInGroups(_) => values_max.saturating_add(ALONE_MAX),
            _ => values_max,
        };
        Shown {
            order,
            values_max,
            passed: 0,
            listed: Vec::new(),
            frequent: Frequent { values: BTreeMap::new(), values_count: 0, values_max: kept_max },
            waiting: None,
            last_place: None,
        }
    }

    /// Whether no value that is still to come can be among the first.
    pub(super) fn is_complete(&self) -> bool {
        match self.order {
            ShownOrder::Ascending => self.listed.len() >= self.values_max,
            _ => self.values_max == 0,
        }
    }

    /// Passes over a value that no candidate holds.
    pub(super) fn skip(&mut self) {
        self.passed += 1;
    }

    /// Takes the next value, which `count` candidates hold, `first_document` the lowest of them if known.
    pub(super) fn push(&mut self, value: &[u8], count: u64, first_document: Option<DocumentId>) {
        let place = self.passed;
        self.passed += 1;
        let counted = || Counted { value: value.to_vec(), count, first_document };
        match self.order {
            ShownOrder::Ascending | ShownOrder::By(_) => self.listed.push(counted()),
            ShownOrder::Count if self.frequent.takes(count) => self.frequent.push(counted(), 0),
            ShownOrder::Count => {}
            ShownOrder::CountInGroups(size) => {
                self.settle(size, Some(place));
                let place_before = self.last_place.replace(place);
                let is_wanted = self.frequent.takes(count);
                self.waiting = is_wanted.then(|| Waiting { counted: counted(), place, place_before });
            }
        }
    }

    /// Takes the value that waits, now that the place of the one after it is known.
    fn settle(&mut self, size: GroupSize, place_after: Option<u64>) {
        let Some(Waiting { counted, place, place_before }) = self.waiting.take() else { return };
        let neighbours = place_before.into_iter().chain(place_after);
        let levels = neighbours.map(|other| size.levels_between(place, other));
        let levels_alone = levels.min().unwrap_or(u32::MAX);
        self.frequent.push(counted, levels_alone);
    }

    /// The values, in their order.
    pub(super) fn finish(mut self) -> Vec<Counted> {
        match self.order {
            ShownOrder::Ascending => {}
            ShownOrder::By(text) => self.listed.sort_by_cached_key(|counted| text(&counted.value)),
            ShownOrder::Count => return self.frequent.finish(0, self.values_max),
            ShownOrder::CountInGroups(size) => {
                self.settle(size, None);
                return self.frequent.finish(size.levels(self.passed), self.values_max);
            }
        }
        self.listed.truncate(self.values_max);
        self.listed
    }
}

/// The most frequent values.
#[derive(Debug)]
struct Frequent {
    /// By count, then by how many levels of groups the value is alone in; the next to give up first.
    values: BTreeMap<(u64, Reverse<u32>), VecDeque<Counted>>,
    values_count: usize,
    values_max: usize,
}

impl Frequent {
    /// Whether a value of this count may be among the most frequent.
    fn takes(&self, count: u64) -> bool {
        let least = self.values.first_key_value().map(|(&(least, _), _)| least);
        self.values_count < self.values_max || least.is_some_and(|least| least <= count)
    }

    fn push(&mut self, counted: Counted, levels_alone: u32) {
        self.values.entry((counted.count, Reverse(levels_alone))).or_default().push_back(counted);
        self.values_count += 1;
        if self.values_count > self.values_max
            && let Some(mut least) = self.values.first_entry()
        {
            self.values_count -= 1;
            least.get_mut().pop_front();
            if least.get().is_empty() {
                least.remove();
            }
        }
    }

    /// The first `values_max`, where there are `levels` levels of groups.
    fn finish(self, levels: u32, values_max: usize) -> Vec<Counted> {
        let ranked = self.values.into_iter().rev().flat_map(|((_, Reverse(levels_alone)), values)| {
            values.into_iter().map(move |counted| (levels_alone.min(levels), counted))
        });
        let mut ranked: Vec<(u32, Counted)> = ranked.collect();
        ranked.sort_by(|(alone, a), (other_alone, b)| {
            b.count.cmp(&a.count).then(alone.cmp(other_alone)).then_with(|| b.value.cmp(&a.value))
        });
        ranked.truncate(values_max);
        let mut values: Vec<Counted> = ranked.into_iter().map(|(_, counted)| counted).collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| b.value.cmp(&a.value)));
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_PAIRS: ShownOrder = ShownOrder::CountInGroups(GroupSize::Two);
    const IN_FOURS: ShownOrder = ShownOrder::CountInGroups(GroupSize::Four);

    /// Gives the values `a`, `b`, … with these counts; those of count 0 are skipped.
    fn check(order: ShownOrder, values_max: usize, counts: &[u64], expected: &str) {
        let mut shown = Shown::new(order, values_max);
        for (value, &count) in (b'a'..).zip(counts) {
            if shown.is_complete() {
                break;
            }
            if count == 0 {
                shown.skip();
            } else {
                shown.push(&[value], count, None);
            }
        }
        let values = shown.finish().into_iter().flat_map(|counted| counted.value).collect();
        assert_eq!(String::from_utf8(values).as_deref(), Ok(expected), "{order:?}");
    }

    #[test]
    fn orders_and_cuts() {
        let counts = [2, 2, 1, 1];
        check(ShownOrder::Ascending, 9, &counts, "abcd");
        check(ShownOrder::Ascending, 2, &counts, "ab");
        for order in [ShownOrder::Count, IN_PAIRS] {
            check(order, 9, &counts, "badc");
            check(order, 3, &counts, "bad");
        }
        let by_end = |value: &[u8]| if value == b"d" { String::new() } else { "x".to_owned() };
        check(ShownOrder::By(by_end), 2, &counts, "da");
        for order in [ShownOrder::Ascending, ShownOrder::Count, IN_PAIRS, ShownOrder::By(by_end)] {
            check(order, 0, &counts, "");
        }
    }

    #[test]
    fn values_with_a_neighbour_stay() {
        // Pairs: ab cd ef gh ij kl; e and h are alone in theirs.
        let counts = [1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 1];
        check(IN_PAIRS, 5, &counts, "lkhba");
        check(IN_PAIRS, 6, &counts, "lkheba");
        check(ShownOrder::Count, 5, &counts, "lkheb");
        // Twelve values make too few groups of four.
        check(IN_FOURS, 5, &counts, "lkheb");
        // Fours: abcd efgh ijkl mnop qrst; h is alone in its.
        let counts = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1];
        check(IN_FOURS, 6, &counts, "tslkba");
        // Fewer than nine values make too few pairs.
        check(IN_PAIRS, 2, &[1, 1, 0, 0, 1, 0, 0, 1], "he");
        // More frequent ones stay in any case.
        check(IN_PAIRS, 3, &[1, 1, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0], "eba");
    }

    #[test]
    fn many_values() {
        for order in [ShownOrder::Count, IN_PAIRS] {
            let mut shown = Shown::new(order, 3);
            for number in 0..10_000u32 {
                shown.push(&number.to_be_bytes(), u64::from(number % 1000), None);
            }
            let values: Vec<Vec<u8>> = shown.finish().into_iter().map(|counted| counted.value).collect();
            assert_eq!(values, [9999u32, 8999, 7999].map(|number| number.to_be_bytes().to_vec()));
        }
    }
}
