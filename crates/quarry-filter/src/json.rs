//! The forms that a filter may take in a request.

use serde_json::Value;

use crate::ast::{Filter, Node};
use crate::error::FilterError;
use crate::parser::Parser;

/// Parses a filter in any of its forms: a text; a list of texts, all of which must hold; or a list of lists of texts,
/// where one of each inner list must hold. `null` and what is empty give no filter.
///
/// # Errors
/// [`FilterError::Shape`] for other JSON, [`FilterError::Syntax`] for the first text that does not follow the grammar.
pub fn parse(json: &Value) -> Result<Option<Filter>, FilterError> {
    let root = match json {
        Value::Null => None,
        Value::String(text) => parse_text(text)?,
        Value::Array(elements) => parse_list(elements)?,
        other => return Err(unexpected("String, Array", other)),
    };
    Ok(root.map(|root| Filter::new(json.clone(), root)))
}

/// Parses a filter given as a text. One of white space only gives no filter.
///
/// # Errors
/// [`FilterError::Syntax`] if the text does not follow the grammar.
pub fn parse_expression(text: &str) -> Result<Option<Filter>, FilterError> {
    let root = parse_text(text)?;
    Ok(root.map(|root| Filter::new(Value::String(text.to_owned()), root)))
}

fn parse_text(text: &str) -> Result<Option<Node>, FilterError> {
    Ok(Parser::new(text).filter()?)
}

/// The outer list: all of its elements must hold.
fn parse_list(elements: &[Value]) -> Result<Option<Node>, FilterError> {
    let mut operands = Vec::with_capacity(elements.len());
    for element in elements {
        let operand = match element {
            Value::String(text) => parse_text(text)?,
            Value::Array(alternatives) => parse_alternatives(alternatives)?,
            other => return Err(unexpected("String, [String]", other)),
        };
        operands.extend(operand);
    }
    Ok(Node::all_of(operands))
}

/// An inner list: one of its elements must hold.
fn parse_alternatives(elements: &[Value]) -> Result<Option<Node>, FilterError> {
    let mut operands = Vec::with_capacity(elements.len());
    for element in elements {
        match element {
            Value::String(text) => operands.extend(parse_text(text)?),
            other => return Err(unexpected("String", other)),
        }
    }
    Ok(Node::one_of(operands))
}

fn unexpected(expected: &'static str, found: &Value) -> FilterError {
    FilterError::Shape { expected, found: found.to_string() }
}
