//! JSON on the wire: requests and answers, one file per resource.
//!
//! Reading order: [`request_error`] (what a refused request says), [`query_string`], [`param`] and
//! [`setting`] (how text, bodies and three-state values are read), [`index_uid`], [`document_id`],
//! [`locale`], [`action`] and [`features`] (the words of the API), then one file per resource:
//! [`indexes`], [`documents`], [`search`] with [`search_answer`], [`facet_search`], [`multi_search`], [`similar`],
//! [`settings`], [`tasks`], [`keys`], [`fields`].
//!
//! This crate knows no HTTP library, does no I/O and never sees an index: it only says whether a
//! request has the right shape.

pub mod action;
pub mod document_id;
pub mod documents;
pub mod facet_search;
pub mod features;
pub mod fields;
pub mod index_uid;
pub mod indexes;
pub mod keys;
pub mod locale;
pub mod multi_search;
pub mod page;
pub mod param;
pub mod query_string;
pub mod request_error;
pub mod search;
pub mod search_answer;
pub mod setting;
pub mod settings;
pub mod similar;
pub mod tasks;
