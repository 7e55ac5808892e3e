//! Where to cut: separators and dictionary words, found longest first.

use rustc_hash::FxHashMap;

use crate::token::TokenKind;

/// What one byte of a piece asks of the code that rewrites it.
pub(crate) mod trait_of {
    /// An ASCII capital.
    pub(crate) const UPPER: u8 = 1;
    /// A control character that normalisation removes.
    pub(crate) const CONTROL: u8 = 2;
    /// A byte of a character beyond ASCII.
    pub(crate) const NOT_ASCII: u8 = 4;
    /// Some pattern starts with this character.
    pub(crate) const STARTS: u8 = 8;
    /// The only pattern that starts with this character is the character itself.
    pub(crate) const ALONE: u8 = 16;
}

/// Kind of a pattern as a token. It is known beforehand, save in Swedish where letters are recomposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PatternKind {
    /// Kind when stop words count.
    pub(crate) kind: TokenKind,
    /// Kind when they do not.
    pub(crate) kind_without_stop_words: TokenKind,
}

/// All strings that cut a text, with leftmost-longest matching.
pub(crate) struct Patterns {
    kinds: FxHashMap<Box<str>, PatternKind>,
    /// For each first character, the byte lengths of its patterns, longest first.
    lengths: FxHashMap<char, Vec<usize>>,
    of_byte: [u8; 256],
    ascii_kinds: [PatternKind; 128],
    /// One bit for each character below U+10000 that starts a pattern.
    starts: Box<[u64; 1024]>,
}

impl Patterns {
    /// Builds the matcher of the non-empty strings of `patterns`.
    pub(crate) fn new(
        patterns: impl Iterator<Item = String>,
        kind_of: impl Fn(&str) -> PatternKind,
    ) -> Patterns {
        let word = PatternKind { kind: TokenKind::Word, kind_without_stop_words: TokenKind::Word };
        let mut built = Patterns {
            kinds: FxHashMap::default(),
            lengths: FxHashMap::default(),
            of_byte: std::array::from_fn(|byte| traits_before_patterns(byte as u8)),
            ascii_kinds: [word; 128],
            starts: Box::new([0; 1024]),
        };
        for pattern in patterns {
            let Some(first) = pattern.chars().next() else { continue };
            let kind = kind_of(&pattern);
            let code = first as usize;
            if let Some(bits) = built.starts.get_mut(code / 64) {
                *bits |= 1 << (code % 64);
            }
            if pattern.len() == 1 {
                built.ascii_kinds[code] = kind;
            }
            built.lengths.entry(first).or_default().push(pattern.len());
            built.kinds.insert(pattern.into_boxed_str(), kind);
        }
        for (first, lengths) in &mut built.lengths {
            lengths.sort_unstable_by(|left, right| right.cmp(left));
            lengths.dedup();
            if first.is_ascii() {
                let alone = if lengths.as_slice() == [1] { trait_of::ALONE } else { 0 };
                built.of_byte[*first as usize] |= trait_of::STARTS | alone;
            }
        }
        built
    }

    /// What a byte asks for, as bits of [`trait_of`].
    #[inline]
    pub(crate) fn traits_of_byte(&self, byte: u8) -> u8 {
        self.of_byte[usize::from(byte)]
    }

    /// Whether some pattern may start with `character`: never wrongly false.
    #[inline]
    pub(crate) fn may_start(&self, character: char) -> bool {
        let code = character as usize;
        self.starts.get(code / 64).is_none_or(|bits| bits >> (code % 64) & 1 == 1)
    }

    /// Byte length of the longest pattern that `text`, which starts with `first`, starts with.
    pub(crate) fn longest_at(&self, text: &str, first: char) -> Option<usize> {
        let lengths = self.lengths.get(&first)?;
        let matches = |length: &usize| text.get(..*length).is_some_and(|head| self.kinds.contains_key(head));
        lengths.iter().copied().find(matches)
    }

    /// Kind of a matched pattern.
    #[inline]
    pub(crate) fn kind(&self, pattern: &str) -> PatternKind {
        match pattern.as_bytes() {
            [byte] => self.ascii_kinds[usize::from(byte & 127)],
            _ => self.kinds[pattern],
        }
    }

    /// Bits of [`trait_of`] that hold for some byte of `piece`.
    pub(crate) fn traits(&self, piece: &str) -> u8 {
        piece.bytes().fold(0, |traits, byte| traits | self.traits_of_byte(byte))
    }
}

fn traits_before_patterns(byte: u8) -> u8 {
    if !byte.is_ascii() {
        trait_of::NOT_ASCII
    } else if byte.is_ascii_uppercase() {
        trait_of::UPPER
    } else if crate::fold::is_removed_control(char::from(byte)) {
        trait_of::CONTROL
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(list: &[&str]) -> Patterns {
        let kind =
            PatternKind { kind: TokenKind::SeparatorSoft, kind_without_stop_words: TokenKind::SeparatorSoft };
        Patterns::new(list.iter().map(|pattern| pattern.to_string()), |_| kind)
    }

    #[test]
    fn the_longest_pattern_wins() {
        let patterns = patterns(&["-", "--->", "--", "é", ""]);
        let check = |text: &str, expected: Option<usize>| {
            let first = text.chars().next().expect("text of the test");
            assert_eq!(patterns.longest_at(text, first), expected, "{text:?}");
            assert!(expected.is_none() || patterns.may_start(first));
        };
        check("-a", Some(1));
        check("---", Some(2));
        check("--->>", Some(4));
        check("->", Some(1));
        check("éa", Some(2));
        check("èa", None);
        check("a", None);
    }

    #[test]
    fn traits_of_ascii() {
        let patterns = patterns(&["-", ". ", ".", "b"]);
        assert_eq!(patterns.traits_of_byte(b'A'), trait_of::UPPER);
        assert_eq!(patterns.traits_of_byte(1), trait_of::CONTROL);
        assert_eq!(patterns.traits_of_byte(b'\t'), 0);
        assert_eq!(patterns.traits_of_byte(b'-'), trait_of::STARTS | trait_of::ALONE);
        assert_eq!(patterns.traits_of_byte(b'.'), trait_of::STARTS);
        assert_eq!(patterns.traits("aé"), trait_of::NOT_ASCII);
    }
}
