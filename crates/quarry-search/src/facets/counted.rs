//! Values with their counts, in the order in which they are shown, as many as are shown.

use std::collections::{BTreeMap, VecDeque};

use quarry_index::DocumentId;

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
}

/// The first values in an order, out of values that come ascending.
#[derive(Debug)]
pub(super) struct Shown {
    order: ShownOrder,
    values_max: usize,
    values: Kept,
}

#[derive(Debug)]
enum Kept {
    Listed(Vec<Counted>),
    /// By count, ascending; of one count, by value, ascending.
    ByCount {
        values: BTreeMap<u64, VecDeque<Counted>>,
        values_count: usize,
    },
}

impl Shown {
    /// At most `values_max` values.
    pub(super) fn new(order: ShownOrder, values_max: usize) -> Shown {
        let values = match order {
            ShownOrder::Count => Kept::ByCount { values: BTreeMap::new(), values_count: 0 },
            ShownOrder::Ascending | ShownOrder::By(_) => Kept::Listed(Vec::new()),
        };
        Shown { order, values_max, values }
    }

    /// Whether no value that is still to come can be among the first.
    pub(super) fn is_complete(&self) -> bool {
        match (self.order, &self.values) {
            (ShownOrder::Ascending, Kept::Listed(values)) => values.len() >= self.values_max,
            _ => self.values_max == 0,
        }
    }

    /// Takes the next value, which `count` candidates hold, `first_document` the lowest of them if known.
    pub(super) fn push(&mut self, value: &[u8], count: u64, first_document: Option<DocumentId>) {
        let values_max = self.values_max;
        let counted = || Counted { value: value.to_vec(), count, first_document };
        match &mut self.values {
            Kept::Listed(values) => values.push(counted()),
            Kept::ByCount { values, values_count } if *values_count < values_max => {
                values.entry(count).or_default().push_back(counted());
                *values_count += 1;
            }
            Kept::ByCount { values, .. } => {
                // The last in the order goes: the lowest of the least frequent, if it is not this one.
                let Some(mut least) = values.first_entry().filter(|least| *least.key() <= count) else {
                    return;
                };
                least.get_mut().pop_front();
                if least.get().is_empty() {
                    least.remove();
                }
                values.entry(count).or_default().push_back(counted());
            }
        }
    }

    /// The values, in their order.
    pub(super) fn finish(self) -> Vec<Counted> {
        match self.values {
            Kept::Listed(mut values) => {
                if let ShownOrder::By(text) = self.order {
                    values.sort_by_cached_key(|counted| text(&counted.value));
                }
                values.truncate(self.values_max);
                values
            }
            Kept::ByCount { values, .. } => {
                values.into_values().rev().flat_map(|same_count| same_count.into_iter().rev()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(order: ShownOrder, values_max: usize, expected: &str) {
        let mut shown = Shown::new(order, values_max);
        for (value, count) in [("a", 2), ("b", 2), ("c", 1), ("d", 1)] {
            if !shown.is_complete() {
                shown.push(value.as_bytes(), count, None);
            }
        }
        let values = shown.finish().into_iter().flat_map(|counted| counted.value).collect();
        assert_eq!(String::from_utf8(values).as_deref(), Ok(expected));
    }

    #[test]
    fn orders_and_cuts() {
        check(ShownOrder::Ascending, 9, "abcd");
        check(ShownOrder::Ascending, 2, "ab");
        check(ShownOrder::Count, 9, "badc");
        check(ShownOrder::Count, 3, "bad");
        let by_end = |value: &[u8]| if value == b"d" { String::new() } else { "x".to_owned() };
        check(ShownOrder::By(by_end), 2, "da");
        for order in [ShownOrder::Ascending, ShownOrder::Count, ShownOrder::By(by_end)] {
            check(order, 0, "");
        }
    }

    #[test]
    fn many_values() {
        let mut shown = Shown::new(ShownOrder::Count, 3);
        for number in 0..10_000u32 {
            let count = u64::from(number % 1000);
            shown.push(&number.to_be_bytes(), count, None);
        }
        let values: Vec<Vec<u8>> = shown.finish().into_iter().map(|counted| counted.value).collect();
        assert_eq!(values, [9999u32, 8999, 7999].map(|number| number.to_be_bytes().to_vec()));
    }
}
