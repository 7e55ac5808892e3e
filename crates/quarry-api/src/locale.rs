//! Languages that a request can name, by two or three letters.

use std::convert::Infallible;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};
use serde::{Serialize, Serializer};

/// Two-letter codes and their three-letter forms, in the order of the error messages.
const TWO_LETTERS: &[(&str, &str)] = &[
    ("af", "afr"),
    ("ak", "aka"),
    ("am", "amh"),
    ("ar", "ara"),
    ("az", "aze"),
    ("be", "bel"),
    ("bn", "ben"),
    ("bg", "bul"),
    ("ca", "cat"),
    ("cs", "ces"),
    ("da", "dan"),
    ("de", "deu"),
    ("el", "ell"),
    ("en", "eng"),
    ("eo", "epo"),
    ("et", "est"),
    ("fi", "fin"),
    ("fr", "fra"),
    ("gu", "guj"),
    ("he", "heb"),
    ("hi", "hin"),
    ("hr", "hrv"),
    ("hu", "hun"),
    ("hy", "hye"),
    ("id", "ind"),
    ("it", "ita"),
    ("jv", "jav"),
    ("ja", "jpn"),
    ("kn", "kan"),
    ("ka", "kat"),
    ("km", "khm"),
    ("ko", "kor"),
    ("la", "lat"),
    ("lv", "lav"),
    ("lt", "lit"),
    ("ml", "mal"),
    ("mr", "mar"),
    ("mk", "mkd"),
    ("my", "mya"),
    ("ne", "nep"),
    ("nl", "nld"),
    ("nb", "nob"),
    ("or", "ori"),
    ("pa", "pan"),
    ("fa", "pes"),
    ("pl", "pol"),
    ("pt", "por"),
    ("ro", "ron"),
    ("ru", "rus"),
    ("si", "sin"),
    ("sk", "slk"),
    ("sl", "slv"),
    ("sn", "sna"),
    ("es", "spa"),
    ("sr", "srp"),
    ("sv", "swe"),
    ("ta", "tam"),
    ("te", "tel"),
    ("tl", "tgl"),
    ("th", "tha"),
    ("tk", "tuk"),
    ("tr", "tur"),
    ("uk", "ukr"),
    ("ur", "urd"),
    ("uz", "uzb"),
    ("vi", "vie"),
    ("yi", "yid"),
    ("zh", "zho"),
    ("zu", "zul"),
];

/// A language without a two-letter code.
const MANDARIN: &str = "cmn";

/// A language named by a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Locale {
    sent: &'static str,
    three_letters: &'static str,
}

impl Locale {
    /// The language with this code of two or three letters.
    pub fn from_code(code: &str) -> Option<Locale> {
        let known = TWO_LETTERS.iter().find_map(|&(two, three)| match code {
            _ if code == two => Some(Locale { sent: two, three_letters: three }),
            _ if code == three => Some(Locale { sent: three, three_letters: three }),
            _ => None,
        });
        known.or((code == MANDARIN).then_some(Locale { sent: MANDARIN, three_letters: MANDARIN }))
    }

    /// The code as it was sent: two or three letters.
    pub fn as_sent(self) -> &'static str {
        self.sent
    }

    /// The code of three letters.
    pub fn three_letters(self) -> &'static str {
        self.three_letters
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.sent)
    }
}

impl<E: DeserializeError> Deserr<E> for Locale {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, E> {
        let code = match value {
            Value::String(code) => code,
            actual => {
                let error = ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] };
                return Err(take_cf_content(E::error(None, error, location)));
            }
        };
        Locale::from_code(&code).ok_or_else(|| {
            let error = ErrorKind::UnknownValue { value: &code, accepted: &all_codes() };
            take_cf_content(E::error::<Infallible>(None, error, location))
        })
    }
}

/// Two letters first, then three, then the one without two letters.
fn all_codes() -> Vec<&'static str> {
    let two = TWO_LETTERS.iter().map(|(two, _)| *two);
    let three = TWO_LETTERS.iter().map(|(_, three)| *three);
    two.chain(three).chain([MANDARIN]).collect()
}

/// A language in a query string that is not known.
#[derive(Debug, Clone, thiserror::Error)]
#[error("Unsupported locale `{code}`, expected one of {}", sorted_codes())]
pub struct UnsupportedLocale {
    code: String,
}

fn sorted_codes() -> String {
    let mut codes = all_codes();
    codes.sort_by_key(|code| (code.len(), *code));
    codes.join(", ")
}

/// The comma-separated languages of a query string.
#[derive(Debug, Clone, PartialEq, Eq, Deserr)]
#[deserr(try_from(String) = LocaleList::try_from -> UnsupportedLocale)]
pub struct LocaleList(pub Vec<Locale>);

impl TryFrom<String> for LocaleList {
    type Error = UnsupportedLocale;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let locale = |code: &str| Locale::from_code(code).ok_or(UnsupportedLocale { code: code.to_owned() });
        text.split(',').filter(|code| !code.is_empty()).map(locale).collect::<Result<_, _>>().map(LocaleList)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_same_language() {
        let three = |code| Locale::from_code(code).map(Locale::three_letters);
        assert_eq!(three("de"), Some("deu"));
        assert_eq!(three("deu"), Some("deu"));
        assert_eq!(three("cmn"), Some("cmn"));
        assert_eq!(three("DEU"), None);
        assert_eq!(three("xx"), None);
    }
}
