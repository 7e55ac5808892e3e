//! Filters of tasks and batches.

use deserr::{DeserializeError, Deserr, IntoValue, Value, ValuePointerRef};
use quarry_error::marker::*;
use quarry_error::{Code, ErrorResponse};
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::index_uid::IndexUid;
use crate::page::DEFAULT_LIMIT;
use crate::param::{FromParameter, Param, StarList};
use crate::request_error::QueryError;

/// Every state of a task, in the order of the error messages.
pub const STATUSES: &[&str] = &["enqueued", "processing", "succeeded", "failed", "canceled"];

/// Every type of task, in the order of the error messages.
pub const TYPES: &[&str] = &[
    "documentAdditionOrUpdate",
    "documentEdition",
    "documentDeletion",
    "settingsUpdate",
    "indexCreation",
    "indexDeletion",
    "indexUpdate",
    "indexSwap",
    "taskCancelation",
    "taskDeletion",
    "dumpCreation",
    "snapshotCreation",
    "export",
    "upgradeDatabase",
    "indexCompaction",
    "networkTopologyChange",
    "dsrUpdate",
    "dsrClear",
];

/// The name of a task's state, one of [`STATUSES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusName(pub &'static str);

/// The name of a task's type, one of [`TYPES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeName(pub &'static str);

fn known(names: &[&'static str], text: &str) -> Option<&'static str> {
    names.iter().copied().find(|name| name.eq_ignore_ascii_case(text))
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl FromParameter for StatusName {
    fn from_parameter(text: &str) -> Result<Self, String> {
        known(STATUSES, text).map(StatusName).ok_or_else(|| {
            format!("`{text}` is not a valid task status. Available statuses are {}.", listed(STATUSES))
        })
    }
}

impl FromParameter for TypeName {
    fn from_parameter(text: &str) -> Result<Self, String> {
        known(TYPES, text).map(TypeName).ok_or_else(|| {
            format!("`{text}` is not a valid task type. Available types are {}.", listed(TYPES))
        })
    }
}

/// The moment after which something must have happened. A bare date is the end of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After(pub OffsetDateTime);

/// The moment before which something must have happened. A bare date is the beginning of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before(pub OffsetDateTime);

/// Reads a moment; `true` when only the day was given.
fn moment(text: &str) -> Result<(OffsetDateTime, bool), String> {
    if let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok((moment, false));
    }
    let day =
        Date::parse(text, format_description!("[year repr:full base:calendar]-[month repr:numerical]-[day]"));
    day.map(|day| (day.midnight().assume_utc(), true)).map_err(|_| {
        format!(
            "`{text}` is an invalid date-time. It should follow the YYYY-MM-DD or RFC 3339 date-time format."
        )
    })
}

impl FromParameter for After {
    fn from_parameter(text: &str) -> Result<Self, String> {
        let (moment, whole_day) = moment(text)?;
        let end_of_day = moment.checked_add(Duration::days(1)).unwrap_or(moment);
        Ok(After(if whole_day { end_of_day } else { moment }))
    }
}

impl FromParameter for Before {
    fn from_parameter(text: &str) -> Result<Self, String> {
        moment(text).map(|(moment, _)| Before(moment))
    }
}

/// One value, or `*` for no restriction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StarOr<T> {
    /// The parameter was not given.
    #[default]
    Absent,
    /// `*`.
    Star,
    /// A value.
    Value(T),
}

impl<T> StarOr<T> {
    /// Whether the parameter was given, be it as `*`.
    pub fn is_given(&self) -> bool {
        !matches!(self, StarOr::Absent)
    }

    /// The value, or `None` when nothing is restricted.
    pub fn restriction(self) -> Option<T> {
        match self {
            StarOr::Value(value) => Some(value),
            StarOr::Absent | StarOr::Star => None,
        }
    }
}

impl<T: FromParameter, E: DeserializeError> Deserr<E> for StarOr<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef) -> Result<Self, E> {
        match &value {
            Value::String(text) if text == "*" => Ok(StarOr::Star),
            _ => Param::<T>::deserialize_from_value(value, location).map(|param| StarOr::Value(param.0)),
        }
    }
}

macro_rules! task_filters {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident { paging { $($paging:tt)* } lists { $($lists:tt)* } }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Deserr)]
        #[deserr(error = QueryError, rename_all = camelCase, deny_unknown_fields)]
        #[allow(missing_docs)]
        pub struct $name {
            $($paging)*
            $($lists)*
            #[deserr(default, error = QueryError<InvalidTaskCanceledBy>)]
            pub canceled_by: StarList<u32>,
            #[deserr(default, error = QueryError<InvalidTaskTypes>)]
            pub types: StarList<TypeName>,
            #[deserr(default, error = QueryError<InvalidTaskStatuses>)]
            pub statuses: StarList<StatusName>,
            #[deserr(default, error = QueryError<InvalidIndexUid>)]
            pub index_uids: StarList<IndexUid>,
            #[deserr(default, error = QueryError<InvalidTaskAfterEnqueuedAt>)]
            pub after_enqueued_at: StarOr<After>,
            #[deserr(default, error = QueryError<InvalidTaskBeforeEnqueuedAt>)]
            pub before_enqueued_at: StarOr<Before>,
            #[deserr(default, error = QueryError<InvalidTaskAfterStartedAt>)]
            pub after_started_at: StarOr<After>,
            #[deserr(default, error = QueryError<InvalidTaskBeforeStartedAt>)]
            pub before_started_at: StarOr<Before>,
            #[deserr(default, error = QueryError<InvalidTaskAfterFinishedAt>)]
            pub after_finished_at: StarOr<After>,
            #[deserr(default, error = QueryError<InvalidTaskBeforeFinishedAt>)]
            pub before_finished_at: StarOr<Before>,
        }
    };
}

task_filters! {
    /// The query string of `GET /tasks` and `GET /batches`.
    pub struct ListTasks {
        paging {
            #[deserr(default = Param(DEFAULT_LIMIT as u32), error = QueryError<InvalidTaskLimit>)]
            pub limit: Param<u32>,
            #[deserr(default, error = QueryError<InvalidTaskFrom>)]
            pub from: Option<Param<u32>>,
            #[deserr(default, error = QueryError<InvalidTaskReverse>)]
            pub reverse: Option<Param<bool>>,
        }
        lists {
            #[deserr(default, error = QueryError<InvalidBatchUids>)]
            pub batch_uids: StarList<u32>,
            #[deserr(default, error = QueryError<InvalidTaskUids>)]
            pub uids: StarList<u32>,
        }
    }
}

task_filters! {
    /// The query string of `DELETE /tasks` and `POST /tasks/cancel`.
    pub struct SelectTasks {
        paging {}
        lists {
            #[deserr(default, error = QueryError<InvalidTaskUids>)]
            pub uids: StarList<u32>,
            #[deserr(default, error = QueryError<InvalidBatchUids>)]
            pub batch_uids: StarList<u32>,
        }
    }
}

impl SelectTasks {
    /// Whether nothing selects tasks.
    pub fn is_empty(&self) -> bool {
        let lists = self.uids.is_given()
            || self.batch_uids.is_given()
            || self.canceled_by.is_given()
            || self.types.is_given()
            || self.statuses.is_given()
            || self.index_uids.is_given();
        let after = [self.after_enqueued_at, self.after_started_at, self.after_finished_at];
        let before = [self.before_enqueued_at, self.before_started_at, self.before_finished_at];
        !lists && !after.iter().any(StarOr::is_given) && !before.iter().any(StarOr::is_given)
    }
}

/// The error for a deletion or cancelation that selects nothing; `verb` is `delete` or `cancel`.
pub fn missing_task_filters(verb: &str) -> ErrorResponse {
    let message = format!(
        "Query parameters to filter the tasks to {verb} are missing. Available query parameters are: `uids`, \
         `indexUids`, `statuses`, `types`, `canceledBy`, `beforeEnqueuedAt`, `afterEnqueuedAt`, \
         `beforeStartedAt`, `afterStartedAt`, `beforeFinishedAt`, `afterFinishedAt`."
    );
    ErrorResponse::new(message, Code::MissingTaskFilters)
}

/// The number of a task in a path.
///
/// # Errors
/// `invalid_task_uids` when it is not a number of a task.
pub fn task_uid(text: &str) -> Result<u32, ErrorResponse> {
    text.parse().map_err(|_| {
        let message = format!("Task uid `{text}` is invalid. It should only contain numeric characters.");
        ErrorResponse::new(message, Code::InvalidTaskUids)
    })
}

/// The number of a batch in a path.
///
/// # Errors
/// `invalid_batch_uids` when it is not a number of a batch.
pub fn batch_uid(text: &str) -> Result<u32, ErrorResponse> {
    text.parse().map_err(|_| {
        let message = format!("Batch uid `{text}` is invalid. It should only contain numeric characters.");
        ErrorResponse::new(message, Code::InvalidBatchUids)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use time::macros::datetime;

    use super::*;
    use crate::query_string::from_query_string;

    #[test]
    fn a_bare_date_is_the_day_as_a_whole() {
        let filters: SelectTasks =
            from_query_string("afterEnqueuedAt=2024-02-28&beforeEnqueuedAt=2024-03-01").unwrap();
        assert_eq!(filters.after_enqueued_at, StarOr::Value(After(datetime!(2024-02-29 0:00 UTC))));
        assert_eq!(filters.before_enqueued_at, StarOr::Value(Before(datetime!(2024-03-01 0:00 UTC))));
    }

    #[test]
    fn a_star_counts_as_a_filter() {
        assert!(from_query_string::<SelectTasks>("").unwrap().is_empty());
        assert!(!from_query_string::<SelectTasks>("uids=*").unwrap().is_empty());
        assert!(!from_query_string::<SelectTasks>("beforeStartedAt=*").unwrap().is_empty());
    }

    #[test]
    fn names_are_not_case_sensitive_but_known() {
        let filters: ListTasks = from_query_string("types=INDEXcreation").unwrap();
        assert_eq!(filters.types, StarList::List(vec![TypeName("indexCreation")]));
        let error = from_query_string::<ListTasks>("statuses=done").unwrap_err();
        assert_eq!(
            error.message,
            "Invalid value in parameter `statuses`: `done` is not a valid task status. Available statuses are \
             `enqueued`, `processing`, `succeeded`, `failed`, `canceled`."
        );
    }
}
