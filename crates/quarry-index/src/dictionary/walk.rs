//! A walk that goes only where wanted words may be.
//!
//! A stream of an automaton asks about every byte that goes on from every node it comes to. Most nodes lie where
//! no more error is allowed, so that only one or two characters lead on: those are looked up, the others never seen.

use std::ops::ControlFlow;

use fst::Set;
use fst::raw::{CompiledAddr, Fst, Node};

use super::Dictionary;

/// Says where a walk goes, and takes the words that it finds.
pub trait Guide {
    /// What is known of the beginning of a word.
    type State;

    /// Of no character.
    fn start(&self) -> Self::State;

    /// Of one more character; none if no wanted word begins so.
    fn step(&self, state: &Self::State, character: char) -> Option<Self::State>;

    /// Adds the characters that lead on to `characters`, in any order, if they are known; whether they are.
    fn only(&self, state: &Self::State, characters: &mut Vec<char>) -> bool;

    /// Takes a word that the walk came to; breaking ends the walk.
    fn word(&mut self, word: &str, state: &Self::State) -> ControlFlow<()>;
}

impl Dictionary<'_> {
    /// Walks through the words in byte order, but for those that came since the base was made.
    pub fn walk_base(&self, guide: &mut impl Guide) {
        walk(&self.base, guide, |word| !self.removed.is_empty() && self.removed.contains(word));
    }

    /// Walks through the words that came since the base was made, in byte order.
    pub fn walk_added(&self, guide: &mut impl Guide) {
        walk(&self.added, guide, |_| false);
    }
}

fn walk<G: Guide>(set: &Set<&[u8]>, guide: &mut G, is_removed: impl Fn(&str) -> bool) {
    let state = guide.start();
    let mut walk = Walk { fst: set.as_fst(), guide, is_removed, word: String::new(), characters: Vec::new() };
    let root = walk.fst.root();
    // Broken off or done: both end it.
    let _ = walk.go_on(root, &state);
}

struct Walk<'f, 'b, G, R> {
    fst: &'f Fst<&'b [u8]>,
    guide: &'f mut G,
    is_removed: R,
    /// The beginning of words at hand.
    word: String,
    /// Characters that lead on, for every node on the way from the root.
    characters: Vec<char>,
}

impl<G: Guide, R: Fn(&str) -> bool> Walk<'_, '_, G, R> {
    /// From a node on. Words are at most 250 bytes, and so many calls deep this is.
    fn go_on(&mut self, node: Node<'_>, state: &G::State) -> ControlFlow<()> {
        if node.is_final() && !(self.is_removed)(&self.word) {
            self.guide.word(&self.word, state)?;
        }
        if node.is_empty() {
            return ControlFlow::Continue(());
        }
        let first = self.characters.len();
        if !self.guide.only(state, &mut self.characters) {
            return self.try_all(&node, state, [0; 4], 0);
        }
        self.characters[first..].sort_unstable();
        let mut before = None;
        for at in first..self.characters.len() {
            let character = self.characters[at];
            if before.replace(character) != Some(character) {
                self.try_one(&node, state, character)?;
            }
        }
        self.characters.truncate(first);
        ControlFlow::Continue(())
    }

    fn try_one(&mut self, node: &Node<'_>, state: &G::State, character: char) -> ControlFlow<()> {
        let mut bytes = [0; 4];
        let mut to: Option<CompiledAddr> = None;
        for byte in character.encode_utf8(&mut bytes).bytes() {
            let between = to.map(|to| self.fst.node(to));
            let from = between.as_ref().unwrap_or(node);
            let Some(at) = from.find_input(byte) else { return ControlFlow::Continue(()) };
            to = Some(from.transition_addr(at));
        }
        match to {
            Some(to) => self.step(to, state, character),
            None => ControlFlow::Continue(()),
        }
    }

    /// All characters behind the first `read` bytes of one.
    fn try_all(
        &mut self,
        node: &Node<'_>,
        state: &G::State,
        mut bytes: [u8; 4],
        read: usize,
    ) -> ControlFlow<()> {
        for transition in node.transitions() {
            let Some(byte) = bytes.get_mut(read) else { break };
            *byte = transition.inp;
            if read == 0 && transition.inp.is_ascii() {
                self.step(transition.addr, state, char::from(transition.inp))?;
                continue;
            }
            let character = std::str::from_utf8(&bytes[..=read]).ok().and_then(|text| text.chars().next());
            match character {
                Some(character) => self.step(transition.addr, state, character)?,
                // Not whole yet.
                None => self.try_all(&self.fst.node(transition.addr), state, bytes, read + 1)?,
            }
        }
        ControlFlow::Continue(())
    }

    fn step(&mut self, to: CompiledAddr, state: &G::State, character: char) -> ControlFlow<()> {
        let Some(next) = self.guide.step(state, character) else { return ControlFlow::Continue(()) };
        self.word.push(character);
        let flow = self.go_on(self.fst.node(to), &next);
        self.word.pop();
        flow
    }
}
