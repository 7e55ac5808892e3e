//! Words with a prefix, all words: always in byte order.

use std::ops::ControlFlow;

use fst::set::Stream;
use fst::{IntoStreamer, Set, Streamer};

use super::Dictionary;

impl Dictionary<'_> {
    /// Calls `each` with the words that begin with `prefix`, in byte order, until it breaks.
    pub fn with_prefix(&self, prefix: &str, mut each: impl FnMut(&str) -> ControlFlow<()>) {
        self.from(prefix, |word| match word.starts_with(prefix) {
            true => each(word),
            // In byte order, all words with the prefix come first.
            false => ControlFlow::Break(()),
        });
    }

    /// Calls `each` with every word, in byte order, until it breaks.
    pub fn for_each(&self, each: impl FnMut(&str) -> ControlFlow<()>) {
        self.with_prefix("", each);
    }

    /// Number of words that begin with `prefix`, counted up to `count_max`.
    pub fn prefix_count(&self, prefix: &str, count_max: usize) -> usize {
        let mut count = 0;
        if count_max > 0 {
            self.with_prefix(prefix, |_| {
                count += 1;
                if count < count_max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
        }
        count
    }

    /// Whether `words` words or more begin with `prefix`.
    pub fn prefix_count_at_least(&self, prefix: &str, words: usize) -> bool {
        self.prefix_count(prefix, words) == words
    }

    /// The words at or above `start`.
    fn from(&self, start: &str, mut each: impl FnMut(&str) -> ControlFlow<()>) {
        let mut each = |word: &[u8]| match std::str::from_utf8(word) {
            Ok(word) => each(word),
            // Only words are put in: a damaged automaton gives fewer.
            Err(_) => ControlFlow::Continue(()),
        };
        if self.added.is_empty() && self.removed.is_empty() {
            let mut base = self.base.range().ge(start).into_stream();
            while let Some(word) = base.next() {
                if each(word).is_break() {
                    return;
                }
            }
            return;
        }
        let mut base = Side::over(&self.base, start);
        let mut added = Side::over(&self.added, start);
        loop {
            let base_is_next = match (base.is_done, added.is_done) {
                (true, true) => return,
                (base_is_done, true) => !base_is_done,
                (true, false) => false,
                (false, false) => base.word <= added.word,
            };
            let side = if base_is_next { &mut base } else { &mut added };
            let is_removed = base_is_next && self.removed.contains(&side.word);
            if !is_removed && each(&side.word).is_break() {
                return;
            }
            side.advance();
        }
    }
}

/// One of the two automata that are merged, at its next word.
struct Side<'s> {
    stream: Stream<'s>,
    word: Vec<u8>,
    is_done: bool,
}

impl<'s> Side<'s> {
    fn over(set: &'s Set<&[u8]>, start: &str) -> Side<'s> {
        let mut side = Side { stream: set.range().ge(start).into_stream(), word: Vec::new(), is_done: false };
        side.advance();
        side
    }

    fn advance(&mut self) {
        match self.stream.next() {
            Some(word) => {
                self.word.clear();
                self.word.extend_from_slice(word);
            }
            None => self.is_done = true,
        }
    }
}
