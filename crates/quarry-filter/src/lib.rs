//! The filter language: from what a client sent to a tree, and errors that say where they are.
//!
//! In reading order:
//!
//! - `json`: the forms a filter may take in a request (text, list, list of lists);
//! - `parser`: the grammar, with `geo` and `vectors` for the operators that have one of their own;
//! - `cursor`: the lexer, which knows words, quotes, keywords and white space;
//! - `ast`: the tree ([`Filter`], [`Node`], [`Operator`]), whose every leaf is a [`Token`];
//! - `token`: a piece of a filter together with the text it was cut from and its place there;
//! - `rewrite`: the canonical text of a tree, and where a token is in it;
//! - `error`: what may be wrong with a filter, in the words that clients see;
//! - `suggestion`: the name that was probably meant.
//!
//! This crate never evaluates a filter and knows neither indexes nor settings: whether a field may be filtered is
//! for the evaluation to say, with [`Filter::explain`].
//!
//! Hostile input is bounded: nesting is limited to [`MAX_DEPTH`] levels, and parsing is linear in the text. The number
//! of conditions is not limited; the time of their evaluation is, where a client waits for it.

mod ast;
mod cursor;
mod error;
mod geo;
mod json;
mod parser;
mod rewrite;
mod suggestion;
mod token;
mod vectors;

pub use ast::{Filter, Node, Operator, VectorsPart};
pub use error::{FilterError, GeoProblem, Problem, SyntaxError, VectorsProblem};
pub use json::{parse, parse_expression};
pub use parser::MAX_DEPTH;
pub use rewrite::Wording;
pub use suggestion::did_you_mean;
pub use token::Token;
