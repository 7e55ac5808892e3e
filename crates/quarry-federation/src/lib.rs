//! Several searches merged into one list, across indexes.
//!
//! In reading order:
//! - [`request`]: what is asked for;
//! - [`federate`](mod@federate): from searches to one list, in four steps;
//! - [`compatibility`]: whether lists can be compared at all: their ranking rules must be of the same
//!   kinds, in the same order;
//! - [`compare`]: which of two hits comes first;
//! - [`merge`]: many lists, each in its order, to one;
//! - [`distinct`]: one hit per value of a field, across indexes;
//! - [`facets`]: the values of fields, by index or added up.
//!
//! This crate reads snapshots that it is given. It knows neither HTTP nor other servers.

pub mod compare;
pub mod compatibility;
mod distinct;
mod error;
pub mod facets;
pub mod federate;
mod merge;
pub mod request;

pub use error::FederationError;
pub use facets::FederatedFacets;
pub use federate::{FederatedHit, FederatedResult, federate};
pub use request::{FederatedQuery, FederationRequest, MergeFacets};
