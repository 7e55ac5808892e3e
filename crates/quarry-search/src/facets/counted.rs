//! Values with their counts, in the order in which they are shown, as many as are shown.

use std::cmp::Reverse;

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
    values: Vec<Counted>,
}

impl Shown {
    /// At most `values_max` values.
    pub(super) fn new(order: ShownOrder, values_max: usize) -> Shown {
        Shown { order, values_max, values: Vec::new() }
    }

    /// Whether no value that is still to come can be among the first.
    pub(super) fn is_complete(&self) -> bool {
        match self.order {
            ShownOrder::Ascending => self.values.len() >= self.values_max,
            ShownOrder::By(_) | ShownOrder::Count => self.values_max == 0,
        }
    }

    /// Takes the next value.
    pub(super) fn push(&mut self, counted: Counted) {
        // So many may wait until the rest is sorted out.
        const WAITING_MIN: usize = 1024;
        self.values.push(counted);
        if self.values.len() >= self.values_max.saturating_mul(2).max(WAITING_MIN) {
            self.sort_out();
        }
    }

    fn sort_out(&mut self) {
        match self.order {
            ShownOrder::Ascending => {}
            ShownOrder::By(text) => self.values.sort_by_cached_key(|counted| text(&counted.value)),
            ShownOrder::Count => self.values.sort_unstable_by(|a, b| {
                let rank = |counted: &Counted| Reverse(counted.count);
                rank(a).cmp(&rank(b)).then_with(|| b.value.cmp(&a.value))
            }),
        }
        self.values.truncate(self.values_max);
    }

    /// The values, in their order.
    pub(super) fn finish(mut self) -> Vec<Counted> {
        self.sort_out();
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(order: ShownOrder, values_max: usize, expected: &str) {
        let mut shown = Shown::new(order, values_max);
        for (value, count) in [("a", 2), ("b", 2), ("c", 1), ("d", 1)] {
            if !shown.is_complete() {
                shown.push(Counted { value: value.into(), count, first_document: None });
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
            shown.push(Counted { value: number.to_be_bytes().to_vec(), count, first_document: None });
        }
        let values: Vec<Vec<u8>> = shown.finish().into_iter().map(|counted| counted.value).collect();
        assert_eq!(values, [9999u32, 8999, 7999].map(|number| number.to_be_bytes().to_vec()));
    }
}
