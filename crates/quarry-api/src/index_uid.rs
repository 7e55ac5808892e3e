//! Names of indexes and patterns of names.

use std::fmt;
use std::str::FromStr;

use deserr::Deserr;
use quarry_error::{Code, HasCode};
use serde::{Deserialize, Serialize};

use crate::param::FromParameter;

/// The longest name of an index.
const BYTES_MAX: usize = 400;

/// A valid name of an index: 1 to 400 of the characters `A-Z a-z 0-9 - _`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserr)]
#[deserr(try_from(String) = IndexUid::try_from -> InvalidIndexUidFormat)]
pub struct IndexUid(String);

impl IndexUid {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for IndexUid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A text that cannot be the name of an index.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "`{uid}` is not a valid index uid. Index uid can be an integer or a string containing only alphanumeric \
     characters, hyphens (-) and underscores (_), and can not be more than 512 bytes."
)]
pub struct InvalidIndexUidFormat {
    uid: String,
}

impl HasCode for InvalidIndexUidFormat {
    fn code(&self) -> Code {
        Code::InvalidIndexUid
    }
}

impl TryFrom<String> for IndexUid {
    type Error = InvalidIndexUidFormat;

    fn try_from(uid: String) -> Result<Self, Self::Error> {
        let valid = !uid.is_empty() && uid.len() <= BYTES_MAX && uid.bytes().all(is_uid_byte);
        if valid { Ok(IndexUid(uid)) } else { Err(InvalidIndexUidFormat { uid }) }
    }
}

impl FromStr for IndexUid {
    type Err = InvalidIndexUidFormat;

    fn from_str(uid: &str) -> Result<Self, Self::Err> {
        IndexUid::try_from(uid.to_owned())
    }
}

impl FromParameter for IndexUid {
    fn from_parameter(text: &str) -> Result<Self, String> {
        IndexUid::from_str(text).map_err(|error| error.to_string())
    }
}

fn is_uid_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// A name of an index, or the beginning of names followed by `*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Deserr)]
#[deserr(try_from(String) = IndexUidPattern::try_from -> InvalidIndexUidPattern)]
#[serde(transparent)]
pub struct IndexUidPattern(String);

impl IndexUidPattern {
    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pattern as text.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// A text that cannot be a pattern of index names.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "`{pattern}` is not a valid index uid pattern. Index uid patterns can be an integer or a string containing \
     only alphanumeric characters, hyphens (-), underscores (_), and optionally end with a star (*)."
)]
pub struct InvalidIndexUidPattern {
    pattern: String,
}

impl TryFrom<String> for IndexUidPattern {
    type Error = InvalidIndexUidPattern;

    fn try_from(pattern: String) -> Result<Self, Self::Error> {
        let valid = match pattern.strip_suffix('*') {
            Some(start) => start.len() <= BYTES_MAX && start.bytes().all(is_uid_byte),
            None => IndexUid::from_str(&pattern).is_ok(),
        };
        if valid { Ok(IndexUidPattern(pattern)) } else { Err(InvalidIndexUidPattern { pattern }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let check = |uid: &str, valid: bool| assert_eq!(IndexUid::from_str(uid).is_ok(), valid, "{uid}");
        check("movies-2_A", true);
        check(&"a".repeat(400), true);
        check(&"a".repeat(401), false);
        check("", false);
        check("a b", false);
        check("é", false);
        check("a*", false);
    }

    #[test]
    fn patterns() {
        let check = |pattern: &str, valid: bool| {
            assert_eq!(IndexUidPattern::try_from(pattern.to_owned()).is_ok(), valid, "{pattern}");
        };
        check("*", true);
        check("movies-*", true);
        check("movies", true);
        check("*tail", false);
        check("mid*dle", false);
        check("", false);
    }
}
