//! Tokens, borrowed while a text is read and owned when a text is shown.

/// What a token is to the index and to the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Indexed and searched.
    Word,
    /// Takes a position but is neither indexed nor searched.
    StopWord,
    /// Ends a sentence or a clause: its two sides are far from each other.
    SeparatorHard,
    /// Its two sides are adjacent.
    SeparatorSoft,
}

impl TokenKind {
    /// Whether the token only separates words.
    pub fn is_separator(self) -> bool {
        matches!(self, TokenKind::SeparatorHard | TokenKind::SeparatorSoft)
    }
}

/// One token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'t> {
    /// The normalised form, the one indexed and compared. Empty for text made only of removed characters.
    pub lemma: &'t str,
    /// What the token is.
    pub kind: TokenKind,
    /// First byte of the token in the original text.
    pub byte_start: usize,
    /// Byte after the last one of the token in the original text.
    pub byte_end: usize,
}

/// One token that keeps how its lemma came from the original text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedToken {
    /// The normalised form, the one indexed and compared.
    pub lemma: String,
    /// What the token is; never a stop word.
    pub kind: TokenKind,
    /// First byte of the token in the original text.
    pub byte_start: usize,
    /// Byte after the last one of the token in the original text.
    pub byte_end: usize,
    /// For each original character, its bytes there and its bytes in the lemma. Empty when each byte of the
    /// lemma comes from one byte of the original.
    pub(crate) character_bytes: Vec<(u8, u8)>,
}

impl OwnedToken {
    /// Bytes of the original token, from its start, that produced the first `n` characters of the lemma.
    ///
    /// Characters that normalisation removed count with the one before them, save after the `n`-th.
    /// A character that became several is taken whole as soon as one of them is asked for.
    pub fn original_bytes_of_lemma_chars(&self, n: usize) -> usize {
        let lemma_bytes = self.lemma.char_indices().nth(n).map_or(self.lemma.len(), |(byte, _)| byte);
        if self.character_bytes.is_empty() {
            return lemma_bytes.min(self.byte_end - self.byte_start);
        }
        let mut original = 0;
        let mut normalised = 0;
        for (original_bytes, lemma_character_bytes) in &self.character_bytes {
            if normalised >= lemma_bytes {
                break;
            }
            original += usize::from(*original_bytes);
            normalised += usize::from(*lemma_character_bytes);
        }
        original
    }
}
