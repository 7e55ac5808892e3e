//! API keys: list, create, change.

use deserr::{Deserr, ValuePointerRef};
use quarry_error::marker::*;
use serde::Serialize;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, OffsetDateTime, PrimitiveDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::action::Action;
use crate::index_uid::IndexUidPattern;
use crate::indexes::recode;
use crate::page::DEFAULT_LIMIT;
use crate::param::Param;
use crate::request_error::{JsonError, QueryError, immutable_field, missing_field, unknown_field};
use crate::setting::Setting;

/// The query string of `GET /keys`.
#[derive(Debug, Clone, Copy, Deserr)]
#[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
pub struct ListKeys {
    /// Keys left out at the beginning.
    #[deserr(default, error = QueryError<InvalidApiKeyOffset>)]
    pub offset: Param<usize>,
    /// Keys of the answer.
    #[deserr(default = Param(DEFAULT_LIMIT), error = QueryError<InvalidApiKeyLimit>)]
    pub limit: Param<usize>,
}

/// The body of `POST /keys`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
#[allow(missing_docs)]
pub struct CreateKey {
    #[deserr(default, error = JsonError<InvalidApiKeyDescription>)]
    pub description: Option<String>,
    #[deserr(default, error = JsonError<InvalidApiKeyName>)]
    pub name: Option<String>,
    #[deserr(default = KeyUid(Uuid::new_v4()), error = JsonError<InvalidApiKeyUid>)]
    pub uid: KeyUid,
    #[deserr(error = JsonError<InvalidApiKeyActions>, missing_field_error = missing_field::<MissingApiKeyActions>)]
    pub actions: Vec<Action>,
    #[deserr(error = JsonError<InvalidApiKeyIndexes>, missing_field_error = missing_field::<MissingApiKeyIndexes>)]
    pub indexes: Vec<IndexUidPattern>,
    #[deserr(error = JsonError<InvalidApiKeyExpiresAt>, missing_field_error = missing_field::<MissingApiKeyExpiresAt>)]
    pub expires_at: Option<Expiration>,
}

/// The identifier of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(try_from(String) = KeyUid::try_from -> uuid::Error)]
pub struct KeyUid(pub Uuid);

impl TryFrom<String> for KeyUid {
    type Error = uuid::Error;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Uuid::parse_str(&text).map(KeyUid)
    }
}

/// The body of `PATCH /keys/{key}`.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields = deny_immutable_key_fields)]
#[allow(missing_docs)]
pub struct UpdateKey {
    #[deserr(default, error = JsonError<InvalidApiKeyDescription>)]
    pub description: Setting<String>,
    #[deserr(default, error = JsonError<InvalidApiKeyName>)]
    pub name: Setting<String>,
}

fn deny_immutable_key_fields(field: &str, accepted: &[&str], location: ValuePointerRef) -> JsonError {
    match field {
        "uid" => recode(immutable_field::<ImmutableApiKeyUid>(field, accepted), location),
        "actions" => recode(immutable_field::<ImmutableApiKeyActions>(field, accepted), location),
        "indexes" => recode(immutable_field::<ImmutableApiKeyIndexes>(field, accepted), location),
        "expiresAt" => recode(immutable_field::<ImmutableApiKeyExpiresAt>(field, accepted), location),
        "createdAt" => recode(immutable_field::<ImmutableApiKeyCreatedAt>(field, accepted), location),
        "updatedAt" => recode(immutable_field::<ImmutableApiKeyUpdatedAt>(field, accepted), location),
        _ => unknown_field(field, accepted, location),
    }
}

/// When a key stops working. In the future when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(try_from(String) = Expiration::try_from -> InvalidExpiration)]
pub struct Expiration(pub OffsetDateTime);

/// A text that is not a moment in the future.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "`{text}` is not a valid date. It should follow the RFC 3339 format to represents a date or datetime in the \
     future or specified as a null value. e.g. 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS'.\n"
)]
pub struct InvalidExpiration {
    text: String,
}

const DATE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const WITH_SPACE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const WITH_T: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");

impl TryFrom<String> for Expiration {
    type Error = InvalidExpiration;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let moment = OffsetDateTime::parse(&text, &Rfc3339)
            .or_else(|_| PrimitiveDateTime::parse(&text, WITH_T).map(PrimitiveDateTime::assume_utc))
            .or_else(|_| PrimitiveDateTime::parse(&text, WITH_SPACE).map(PrimitiveDateTime::assume_utc))
            .or_else(|_| Date::parse(&text, DATE).map(|day| day.midnight().assume_utc()));
        match moment {
            Ok(moment) if moment > OffsetDateTime::now_utc() => Ok(Expiration(moment)),
            _ => Err(InvalidExpiration { text }),
        }
    }
}

/// A key as clients read it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct KeyView {
    pub name: Option<String>,
    pub description: Option<String>,
    pub key: String,
    pub uid: Uuid,
    pub actions: Vec<Action>,
    pub indexes: Vec<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}
