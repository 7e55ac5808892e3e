//! Words that an automaton accepts, words with a prefix, all words: always in byte order.

use std::ops::ControlFlow;

use fst::automaton::AlwaysMatch;
use fst::set::StreamWithState;
use fst::{Automaton, IntoStreamer, Set, Streamer};

use super::Dictionary;

impl Dictionary<'_> {
    /// Calls `each` with the words that `automaton` accepts and the state it ends in, in byte order, until
    /// it breaks.
    pub fn search<A: Automaton>(&self, automaton: &A, each: impl FnMut(&str, A::State) -> ControlFlow<()>)
    where
        A::State: Clone,
    {
        self.walk(automaton, "", each);
    }

    /// Calls `each` with the words that begin with `prefix`, in byte order, until it breaks.
    pub fn with_prefix(&self, prefix: &str, mut each: impl FnMut(&str) -> ControlFlow<()>) {
        self.walk(&AlwaysMatch, prefix, |word, ()| match word.starts_with(prefix) {
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

    /// The words at or above `from` that `automaton` accepts.
    fn walk<A: Automaton>(
        &self,
        automaton: &A,
        from: &str,
        mut each: impl FnMut(&str, A::State) -> ControlFlow<()>,
    ) where
        A::State: Clone,
    {
        let mut each = |word: &[u8], state| match std::str::from_utf8(word) {
            Ok(word) => each(word, state),
            // Only words are put in: a damaged automaton gives fewer.
            Err(_) => ControlFlow::Continue(()),
        };
        if self.added.is_empty() && self.removed.is_empty() {
            let mut base = self.base.search_with_state(automaton).ge(from).into_stream();
            while let Some((word, state)) = base.next() {
                if each(word, state).is_break() {
                    return;
                }
            }
            return;
        }
        let mut base = Side::over(&self.base, automaton, from);
        let mut added = Side::over(&self.added, automaton, from);
        loop {
            let base_is_next = match (&base.state, &added.state) {
                (None, None) => return,
                (base_state, None) => base_state.is_some(),
                (None, Some(_)) => false,
                (Some(_), Some(_)) => base.word <= added.word,
            };
            let side = if base_is_next { &mut base } else { &mut added };
            let is_removed = base_is_next && self.removed.contains(&side.word);
            if let Some(state) = side.state.take().filter(|_| !is_removed)
                && each(&side.word, state).is_break()
            {
                return;
            }
            side.advance();
        }
    }
}

/// One of the two automata that are merged, at its next word.
struct Side<'s, A: Automaton> {
    stream: StreamWithState<'s, A>,
    word: Vec<u8>,
    /// Where the automaton ends on that word; `None` at the end of the stream.
    state: Option<A::State>,
}

impl<'s, 'a, A: Automaton> Side<'s, &'a A>
where
    A::State: Clone,
{
    fn over(set: &'s Set<&[u8]>, automaton: &'a A, from: &str) -> Side<'s, &'a A> {
        let stream = set.search_with_state(automaton).ge(from).into_stream();
        let mut side = Side { stream, word: Vec::new(), state: None };
        side.advance();
        side
    }

    fn advance(&mut self) {
        self.state = self.stream.next().map(|(word, state)| {
            self.word.clear();
            self.word.extend_from_slice(word);
            state
        });
    }
}
