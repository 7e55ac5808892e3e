//! Which ids share a segment.
//!
//! A set is cut where it is dense: a span of ids, which is 2^k long and begins at a multiple of that, is halved as
//! long as more than [`IDS_MAX`] of its ids are in the set, down to 2^12. So a segment is never much longer than
//! 512 bytes, whatever the set and the index hold, and a change to one document rewrites no more than the block
//! that it lies in; and a set of few ids is one segment, however far they lie apart.

/// Number of ids from which on a span is halved.
pub(crate) const IDS_MAX: usize = 512;

/// The shortest spans, as a power of two: as bits they take 512 bytes.
pub(crate) const BITS_MIN: u32 = 12;

/// A span of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    /// Its length, as a power of two: 12 to 32.
    bits: u32,
}

impl Span {
    /// All ids.
    pub(crate) const ALL: Span = Span { start: 0, bits: 32 };

    /// The longest span with `id` in which no segment begins, but for one at its own start: `below` and `above` are
    /// the starts of the stored segments around `id`.
    pub(crate) fn around(id: u32, below: Option<u32>, above: Option<u32>) -> Span {
        let mut span = Span::ALL;
        while span.is_divisible()
            && (below.is_some_and(|start| span.holds(start) && start != span.start)
                || above.is_some_and(|start| span.holds(start)))
        {
            span = span.half_with(id);
        }
        span
    }

    /// Whether ids of this span may be cut apart.
    pub(crate) fn is_divisible(self) -> bool {
        self.bits > BITS_MIN
    }

    pub(crate) fn last(self) -> u32 {
        self.start | ((1u64 << self.bits) - 1) as u32
    }

    /// Whether ascending `ids` are all of this span.
    pub(crate) fn holds_all(self, ids: &[u32]) -> bool {
        ids.first().into_iter().chain(ids.last()).all(|&id| self.holds(id))
    }

    fn holds(self, id: u32) -> bool {
        (self.start..=self.last()).contains(&id)
    }

    fn half_with(self, id: u32) -> Span {
        let bits = self.bits - 1;
        let upper = self.start | 1 << bits;
        Span { start: if id >= upper { upper } else { self.start }, bits }
    }

    /// The ids of this span at the start of `ids`, which has none below it, and the rest.
    pub(crate) fn split(self, ids: &[u32]) -> (&[u32], &[u32]) {
        match ids.last() {
            Some(&last) if last <= self.last() => (ids, &[]),
            _ => ids.split_at(ids.partition_point(|&id| id <= self.last())),
        }
    }
}

/// The ids of a span, cut into segments: start of each, and its ids.
pub(crate) struct Cut<'i> {
    span: Span,
    ids: &'i [u32],
    /// No segment begins below.
    from: u32,
}

impl<'i> Cut<'i> {
    /// `ids` ascend and lie in `span`.
    pub(crate) fn new(span: Span, ids: &'i [u32]) -> Cut<'i> {
        Cut { span, ids, from: span.start }
    }
}

impl<'i> Iterator for Cut<'i> {
    type Item = (u32, &'i [u32]);

    fn next(&mut self) -> Option<(u32, &'i [u32])> {
        let &first = self.ids.first()?;
        let mut span = self.span;
        let (mut ids, _) = span.split(self.ids);
        // A span that begins below `from` was found too full when its first half was cut off.
        while span.is_divisible() && (ids.len() > IDS_MAX || span.start < self.from) {
            span = span.half_with(first);
            (ids, _) = span.split(ids);
        }
        self.ids = &self.ids[ids.len()..];
        self.from = span.last().saturating_add(1);
        Some((span.start, ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(ids: &[u32]) -> Vec<(u32, usize)> {
        Cut::new(Span::ALL, ids).map(|(start, ids)| (start, ids.len())).collect()
    }

    #[test]
    fn few_ids_are_one_segment_wherever_they_lie() {
        assert_eq!(cut(&[]), []);
        assert_eq!(cut(&[7]), [(0, 1)]);
        assert_eq!(cut(&[7, u32::MAX]), [(0, 2)]);
        assert_eq!(cut(&(0..512).map(|id| id << 20).collect::<Vec<_>>()), [(0, 512)]);
    }

    #[test]
    fn full_spans_are_halved() {
        let halves: Vec<u32> = (0..513).map(|id| id << 20).collect();
        assert_eq!(cut(&halves), [(0, 512), (1 << 29, 1)]);
        let dense: Vec<u32> = (4000..9000).collect();
        assert_eq!(cut(&dense), [(0, 96), (4096, 4096), (8192, 808)]);
        // Behind a dense start, what lies far away is a segment of the longest span that is free.
        let far: Vec<u32> = (0..4096).chain([1 << 20, u32::MAX]).collect();
        assert_eq!(cut(&far), [(0, 4096), (1 << 20, 1), (1 << 31, 1)]);
    }

    #[test]
    fn the_span_of_an_id_keeps_out_of_its_neighbours() {
        assert_eq!(Span::around(5, None, None), Span::ALL);
        assert_eq!(Span::around(5, Some(0), None), Span::ALL);
        assert_eq!(Span::around(5, None, Some(1 << 20)).last(), (1 << 20) - 1);
        assert_eq!(Span::around(5000, Some(0), Some(1 << 13)), Span { start: 0, bits: 13 });
        assert_eq!(Span::around(9000, Some(4096), Some(1 << 14)), Span { start: 8192, bits: 13 });
        assert_eq!(Span::around(u32::MAX, Some(1 << 31), None), Span { start: 1 << 31, bits: 31 });
    }
}
