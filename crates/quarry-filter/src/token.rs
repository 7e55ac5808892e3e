//! A piece of a filter that remembers the text it was cut from.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// A name, value or keyword of a filter, with its place in the text that was sent.
///
/// The value is what the piece means (quotes taken off, escapes decoded); the place covers the piece as written,
/// without its quotes. Cloning is cheap: the text is shared by all tokens of one expression.
#[derive(Debug, Clone)]
pub struct Token {
    source: Arc<str>,
    span: Range<usize>,
    /// The value, when it is not simply the text at `span`.
    decoded: Option<Box<str>>,
}

impl Token {
    /// The piece of `source` at the byte range `span`, which must lie on character boundaries.
    pub(crate) fn new(source: &Arc<str>, span: Range<usize>) -> Token {
        debug_assert!(source.get(span.clone()).is_some());
        Token { source: Arc::clone(source), span, decoded: None }
    }

    /// The same piece, meaning `value` instead of its text.
    pub(crate) fn with_value(mut self, value: String) -> Token {
        self.decoded = Some(value.into_boxed_str());
        self
    }

    /// A token that no client wrote, whose text is its value; used where a filter is completed by the engine.
    pub fn from_value(value: &str) -> Token {
        Token { source: Arc::from(value), span: 0..value.len(), decoded: None }
    }

    /// What the piece means: unquoted, with escapes decoded.
    pub fn value(&self) -> &str {
        self.decoded.as_deref().unwrap_or_else(|| self.fragment())
    }

    /// The piece as it was written, without its quotes.
    pub fn fragment(&self) -> &str {
        &self.source[self.span.clone()]
    }

    /// The whole expression that the piece belongs to.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The byte range of the piece in [`Token::source`].
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The value as a finite number, if it reads as one.
    pub fn finite_number(&self) -> Option<f64> {
        self.value().parse::<f64>().ok().filter(|number| number.is_finite())
    }

    /// Whether both are the same piece of the same text (a clone, in other words).
    pub fn is_same_place(&self, other: &Token) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.span == other.span
    }

    /// Columns of the piece, counted in characters from 1; the end is exclusive.
    ///
    /// Columns start again after each line feed, and the end is the start plus the length of the piece.
    pub fn columns(&self) -> Range<usize> {
        columns(&self.source, self.span.clone())
    }

    /// The message shown to clients: the diagnostic, then the columns and the whole text.
    pub fn explain(&self, diagnostic: impl fmt::Display) -> String {
        let Range { start, end } = self.columns();
        format!("{diagnostic}\n{start}:{end} {}", self.source)
    }
}

impl PartialEq for Token {
    /// Tokens are equal when they mean the same, wherever they were written.
    fn eq(&self, other: &Token) -> bool {
        self.value() == other.value()
    }
}

impl Eq for Token {}

impl Hash for Token {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.value().hash(state);
    }
}

/// Columns of the byte range `span` of `text`; see [`Token::columns`].
pub(crate) fn columns(text: &str, span: Range<usize>) -> Range<usize> {
    let line_start = text[..span.start].rfind('\n').map_or(0, |line_feed| line_feed + 1);
    let from = text[line_start..span.start].chars().count() + 1;
    from..from + text[span].chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, piece: &str, expected: Range<usize>) {
        let start = text.find(piece).expect("the piece is in the text");
        let token = Token::new(&Arc::from(text), start..start + piece.len());
        assert_eq!(token.columns(), expected, "{piece:?} in {text:?}");
    }

    #[test]
    fn columns_count_characters_from_one() {
        check("a = 1", "a", 1..2);
        check("été = 12", "12", 7..9);
    }

    #[test]
    fn columns_start_again_on_each_line() {
        check("a =\n12", "12", 1..3);
        check("a =\n 'x\ny' z", "z", 4..5);
    }

    #[test]
    fn numbers_must_be_finite() {
        assert_eq!(Token::from_value("1e3").finite_number(), Some(1000.0));
        assert_eq!(Token::from_value(".5").finite_number(), Some(0.5));
        assert_eq!(Token::from_value("1e400").finite_number(), None);
        assert_eq!(Token::from_value("nan").finite_number(), None);
        assert_eq!(Token::from_value("10b").finite_number(), None);
    }
}
