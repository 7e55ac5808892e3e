//! Hits: what clients see of the documents that ranking found.
//!
//! In reading order:
//! - [`retrieved_attributes`]: which attributes of a document are shown;
//! - [`matcher`]: where the words of the query are in a text;
//! - [`crop`], [`highlight`], [`formatted`]: `_formatted`;
//! - [`match_positions`] for `_matchesPosition`;
//! - [`hit`]: all of it for one hit.

mod crop;
mod formatted;
mod highlight;
mod hit;
mod match_positions;
mod matcher;
mod retrieved_attributes;

pub use hit::{Formatter, HitContent};
pub use match_positions::{MatchPosition, MatchesPosition};
pub use matcher::Matcher;
pub use retrieved_attributes::Projection;
