//! Values of query strings: text that stands for a number, a flag or a list.

use std::convert::Infallible;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef, take_cf_content,
};

/// A type that can be read from the text of a query parameter.
pub trait FromParameter: Sized {
    /// Reads the text; the error is the part of the message after the parameter's name.
    fn from_parameter(text: &str) -> Result<Self, String>;
}

impl FromParameter for String {
    fn from_parameter(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl FromParameter for bool {
    fn from_parameter(text: &str) -> Result<Self, String> {
        text.parse()
            .map_err(|_| format!("could not parse `{text}` as a boolean, expected either `true` or `false`"))
    }
}

macro_rules! positive_integer {
    ($($integer:ty),*) => {$(
        impl FromParameter for $integer {
            fn from_parameter(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!("could not parse `{text}` as a positive integer"))
            }
        }
    )*};
}
positive_integer!(u32, u64, usize);

/// One value of a query string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Param<T>(pub T);

impl<T: FromParameter, E: DeserializeError> Deserr<E> for Param<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, E> {
        read::<T, E>(&text(value, location)?, location).map(Param)
    }
}

/// A comma-separated list in a query string. Nothing between two commas is no element.
///
/// The message for a bad element names its position when there are several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommaList<T>(pub Vec<T>);

impl<T: FromParameter, E: DeserializeError> Deserr<E> for CommaList<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, E> {
        let text = text(value, location)?;
        elements::<E, T>(&text, location, |element| T::from_parameter(element)).map(CommaList)
    }
}

/// A comma-separated list in which `*` means that nothing is restricted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum StarList<T> {
    /// The parameter was not given.
    #[default]
    Absent,
    /// One of the elements was `*`.
    Star,
    /// The elements.
    List(Vec<T>),
}

impl<T> StarList<T> {
    /// Whether the parameter was given, be it as `*`.
    pub fn is_given(&self) -> bool {
        !matches!(self, StarList::Absent)
    }

    /// The elements, or `None` when nothing is restricted.
    pub fn restriction(self) -> Option<Vec<T>> {
        match self {
            StarList::List(elements) => Some(elements),
            StarList::Absent | StarList::Star => None,
        }
    }
}

impl<T: FromParameter, E: DeserializeError> Deserr<E> for StarList<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, E> {
        let text = text(value, location)?;
        let parsed = elements::<E, Option<T>>(&text, location, |element| match element {
            "*" => Ok(None),
            _ => T::from_parameter(element).map(Some),
        })?;
        let elements: Option<Vec<T>> = parsed.into_iter().collect();
        Ok(elements.map_or(StarList::Star, StarList::List))
    }
}

fn elements<E: DeserializeError, T>(
    text: &str,
    location: ValuePointerRef,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, E> {
    let given = || text.split(',').filter(|element| !element.is_empty());
    let count = given().count();
    let mut elements = Vec::with_capacity(count);
    for (index, element) in given().enumerate() {
        let parsed = parse(element).map_err(|message| match count {
            1 => unexpected::<E>(message, location),
            _ => unexpected::<E>(message, location.push_index(index)),
        })?;
        elements.push(parsed);
    }
    Ok(elements)
}

fn read<T: FromParameter, E: DeserializeError>(text: &str, location: ValuePointerRef) -> Result<T, E> {
    T::from_parameter(text).map_err(|message| unexpected::<E>(message, location))
}

/// The text of a parameter, or the error that says it should have been text.
fn text<V: IntoValue, E: DeserializeError>(value: Value<V>, location: ValuePointerRef) -> Result<String, E> {
    match value {
        Value::String(text) => Ok(text),
        actual => {
            let error = ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::String] };
            Err(take_cf_content(E::error(None, error, location)))
        }
    }
}

fn unexpected<E: DeserializeError>(message: String, location: ValuePointerRef) -> E {
    take_cf_content(E::error::<Infallible>(None, ErrorKind::Unexpected { msg: message }, location))
}

#[cfg(test)]
mod tests {
    use quarry_error::Code;
    use quarry_error::marker::{InvalidIndexLimit, InvalidTaskUids};

    use super::*;
    use crate::query_string::from_query_string;
    use crate::request_error::QueryError;

    #[derive(Debug, Deserr)]
    #[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
    struct Page {
        #[deserr(default = Param(20), error = QueryError<InvalidIndexLimit>)]
        limit: Param<usize>,
        #[deserr(default, error = QueryError<InvalidTaskUids>)]
        uids: StarList<u32>,
    }

    fn check(query: &str, message: &str, code: Code) {
        match from_query_string::<Page>(query) {
            Ok(page) => panic!("{query} was accepted as {page:?}"),
            Err(error) => assert_eq!((error.message.as_str(), error.code), (message, code)),
        }
    }

    #[test]
    fn errors_name_the_parameter() {
        check(
            "limit=x",
            "Invalid value in parameter `limit`: could not parse `x` as a positive integer",
            Code::InvalidIndexLimit,
        );
        check(
            "uids=1,y",
            "Invalid value in parameter `uids[1]`: could not parse `y` as a positive integer",
            Code::InvalidTaskUids,
        );
        check(
            "lmit=1",
            "Unknown parameter `lmit`: did you mean `limit`? expected one of `limit`, `uids`",
            Code::BadRequest,
        );
    }

    #[test]
    fn a_star_lifts_the_restriction() {
        let uids = |query: &str| from_query_string::<Page>(query).map(|page| page.uids);
        assert_eq!(uids("uids=1,*"), Ok(StarList::Star));
        assert_eq!(uids("uids=1,,2"), Ok(StarList::List(vec![1, 2])));
        assert_eq!(uids("uids="), Ok(StarList::List(vec![])));
        assert_eq!(uids(""), Ok(StarList::Absent));
    }

    #[test]
    fn defaults_hold() {
        assert_eq!(from_query_string::<Page>("").map(|page| page.limit), Ok(Param(20)));
    }
}
