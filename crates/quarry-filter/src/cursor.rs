//! The lexer: a place in a text, and what can be read from there.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{GeoProblem, Problem, SyntaxError};
use crate::token::Token;

/// Words that cannot be names or values unless they are quoted.
const KEYWORDS: [&str; 12] =
    ["AND", "OR", "NOT", "IN", "TO", "EXISTS", "IS", "NULL", "EMPTY", "CONTAINS", "STARTS", "WITH"];

/// Reserved names of geographic operations; they cannot be values.
const GEO_OPERATIONS: [&str; 2] = ["_geoRadius", "_geoBoundingBox"];

/// Reserved geographic names; they can be neither fields nor values.
const GEO_NAMES: [&str; 3] = ["_geo", "_geoPoint", "_geoDistance"];

/// Reads a text from left to right. A reader that does not find what it looks for leaves the place as it was, unless
/// it gives an error.
pub(crate) struct Cursor {
    source: Arc<str>,
    position: usize,
}

impl Cursor {
    pub(crate) fn new(text: &str) -> Cursor {
        Cursor { source: Arc::from(text), position: 0 }
    }

    /// The byte offset of the place.
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Goes (back) to a place given by [`Cursor::position`].
    pub(crate) fn go_to(&mut self, position: usize) {
        self.position = position;
    }

    /// The text from the place to the end.
    pub(crate) fn rest(&self) -> &str {
        &self.source[self.position..]
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// An error about the piece from `start` to the end of the text.
    pub(crate) fn error_from(&self, start: usize, problem: Problem) -> SyntaxError {
        self.error_at(start..self.source.len(), problem)
    }

    /// An error about the text from the place to its end.
    pub(crate) fn error(&self, problem: Problem) -> SyntaxError {
        self.error_from(self.position, problem)
    }

    pub(crate) fn error_at(&self, span: Range<usize>, problem: Problem) -> SyntaxError {
        SyntaxError { problem, place: Token::new(&self.source, span) }
    }

    /// Skips white space, and says whether there was any.
    pub(crate) fn skip_whitespace(&mut self) -> bool {
        let rest = self.rest();
        let skipped = rest.len() - rest.trim_start_matches(is_whitespace).len();
        self.position += skipped;
        skipped > 0
    }

    /// Reads `text` if it comes next.
    pub(crate) fn read(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.position += text.len();
        }
        found
    }

    /// Reads `keyword` if it comes next as a whole word.
    pub(crate) fn read_keyword(&mut self, keyword: &str) -> bool {
        let found =
            self.rest().strip_prefix(keyword).is_some_and(|after| !after.starts_with(is_word_character));
        if found {
            self.position += keyword.len();
        }
        found
    }

    /// The unquoted word that comes next; empty if there is none.
    pub(crate) fn peek_word(&self) -> &str {
        let rest = self.rest();
        &rest[..rest.find(|c| !is_word_character(c)).unwrap_or(rest.len())]
    }

    /// Moves over `length` bytes and gives them as a token.
    pub(crate) fn take(&mut self, length: usize) -> Token {
        let start = self.position;
        self.position += length;
        Token::new(&self.source, start..self.position)
    }

    /// Reads a name or value, quoted or not, and the white space around it.
    pub(crate) fn value(&mut self) -> Result<Token, SyntaxError> {
        self.skip_whitespace();
        let value = match self.peek() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            Some(character) if is_word_character(character) => self.word()?,
            _ => return Err(self.missing_value()),
        };
        self.skip_whitespace();
        Ok(value)
    }

    fn word(&mut self) -> Result<Token, SyntaxError> {
        let word = self.peek_word();
        if is_keyword(word) {
            return Err(self.missing_value());
        }
        if let Some(name) = GEO_OPERATIONS.iter().find(|name| **name == word) {
            return Err(self.error(Problem::Geo(GeoProblem::OperationAsValue(name))));
        }
        if let Some(problem) = reserved_geo_name(word) {
            return Err(self.error(problem));
        }
        Ok(self.take(word.len()))
    }

    /// The error for what comes next instead of a value: up to white space or an operator.
    fn missing_value(&self) -> SyntaxError {
        let rest = self.rest();
        let found = &rest[..rest.find(ends_wrong_value).unwrap_or(rest.len())];
        let problem = if is_keyword(found) { Problem::KeywordAsValue } else { Problem::MissingValue };
        self.error_at(self.position..self.position + found.len(), problem)
    }

    /// Reads a quoted text from its opening quote to its closing one; the token leaves both out.
    pub(crate) fn quoted(&mut self, quote: char) -> Result<Token, SyntaxError> {
        let opening = self.position;
        let start = opening + quote.len_utf8();
        let mut characters = self.source[start..].char_indices();
        let mut has_escapes = false;
        let end = loop {
            match characters.next() {
                None => return Err(self.error_from(opening, Problem::MissingClosingDelimiter(quote))),
                Some((offset, found)) if found == quote => break start + offset,
                Some((_, '\\')) => {
                    has_escapes = true;
                    if characters.next().is_none() {
                        return Err(self.error_from(start, Problem::MalformedValue));
                    }
                }
                Some(_) => {}
            }
        };
        let token = Token::new(&self.source, start..end);
        self.position = end + quote.len_utf8();
        if !has_escapes {
            return Ok(token);
        }
        match decode_escapes(token.fragment()) {
            Ok(value) => Ok(token.with_value(value)),
            Err(problem) => Err(self.error_at(start..end, problem)),
        }
    }
}

/// The problem of using `word` as a field or value, if it is a reserved geographic name.
pub(crate) fn reserved_geo_name(word: &str) -> Option<Problem> {
    let name = GEO_NAMES.iter().find(|name| **name == word)?;
    Some(Problem::Geo(GeoProblem::ReservedName(name)))
}

pub(crate) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

pub(crate) fn is_word_character(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

fn is_whitespace(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn ends_wrong_value(character: char) -> bool {
    character.is_whitespace() || matches!(character, '(' | ')' | '=' | '<' | '>' | '!')
}

/// Decodes the escapes of a quoted text: `\n`, `\t`, `\r`, `\b`, `\f`, `\\`, `\/`, `\'`, `\"`, `\u{…}`, `\uXXXX`,
/// `\xHH`, and up to three octal digits.
fn decode_escapes(text: &str) -> Result<String, Problem> {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, escape)) = rest.split_once('\\') {
        decoded.push_str(plain);
        let kind = escape.chars().next().ok_or(Problem::MalformedValue)?;
        let after = &escape[kind.len_utf8()..];
        let (character, after) = match kind {
            'n' => ('\n', after),
            't' => ('\t', after),
            'r' => ('\r', after),
            'b' => ('\u{8}', after),
            'f' => ('\u{c}', after),
            '\\' | '/' | '\'' | '"' => (kind, after),
            'u' => unicode_escape(after)?,
            'x' => number_escape(after, 2, 16)?,
            '0'..='3' => number_escape(escape, octal_length(escape, 3), 8)?,
            '4'..='7' => number_escape(escape, octal_length(escape, 2), 8)?,
            _ => return Err(Problem::MalformedValue),
        };
        decoded.push(character);
        rest = after;
    }
    decoded.push_str(rest);
    Ok(decoded)
}

/// Decodes what follows `\u`: a number of hexadecimal digits in braces, or four of them.
fn unicode_escape(text: &str) -> Result<(char, &str), Problem> {
    let Some(braced) = text.strip_prefix('{') else {
        return number_escape(text, 4, 16);
    };
    let (digits, after) = braced.split_once('}').ok_or(Problem::MalformedValue)?;
    let (character, _) = number_escape(digits, digits.len(), 16)?;
    Ok((character, after))
}

/// Decodes the first `length` bytes of `text` as the number of a character.
fn number_escape(text: &str, length: usize, radix: u32) -> Result<(char, &str), Problem> {
    let (digits, after) = text.split_at_checked(length).ok_or(Problem::MalformedValue)?;
    if digits.starts_with('+') {
        return Err(Problem::InvalidEscapedNumber);
    }
    let number = u32::from_str_radix(digits, radix).map_err(|_| Problem::InvalidEscapedNumber)?;
    let character = char::from_u32(number).ok_or(Problem::MalformedValue)?;
    Ok((character, after))
}

/// How many octal digits `text` starts with, at most `longest`.
fn octal_length(text: &str, longest: usize) -> usize {
    text.bytes().take(longest).take_while(|byte| (b'0'..=b'7').contains(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, Problem>) {
        assert_eq!(decode_escapes(text), expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn escapes_are_decoded() {
        check(r"a\nb\tc\rd", Ok("a\nb\tc\rd"));
        check(r#"\'\"\\\/"#, Ok(r#"'"\/"#));
        check(r"\u{69}t \u0069t \x69t \151t", Ok("it it it it"));
        check(r"\u{1F3B8}", Ok("\u{1F3B8}"));
        check(r"\0\78", Ok("\0\u{7}8"));
    }

    #[test]
    fn unknown_escapes_are_malformed() {
        check(r"a\q", Err(Problem::MalformedValue));
        check(r"\u{110000}", Err(Problem::MalformedValue));
        check(r"\ud83d", Err(Problem::MalformedValue));
        check(r"\u{69", Err(Problem::MalformedValue));
        check(r"\x6", Err(Problem::MalformedValue));
        check(r"\é", Err(Problem::MalformedValue));
    }

    #[test]
    fn numbers_of_escapes_must_be_numbers() {
        check(r"\u{zz}", Err(Problem::InvalidEscapedNumber));
        check(r"\u{}", Err(Problem::InvalidEscapedNumber));
        check(r"\xzz", Err(Problem::InvalidEscapedNumber));
        check(r"\u{+69}", Err(Problem::InvalidEscapedNumber));
    }
}
