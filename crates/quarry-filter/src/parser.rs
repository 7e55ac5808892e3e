//! The grammar: `OR` binds loosest, then `AND`, then `NOT`, then single conditions.
//!
//! Each of the four levels is one method; entering one costs a level of nesting, and the limit on these is what keeps
//! the recursion shallow. Every method starts where its construct may start and ends behind it.

use crate::ast::{Node, Operator};
use crate::cursor::{Cursor, is_keyword, is_word_character, reserved_geo_name};
use crate::error::{Problem, SyntaxError};
use crate::token::Token;

/// The deepest level of nesting. Each `OR`, `AND`, `NOT` and single condition counts one, written or not, so that
/// 36 nested parentheses or 147 `NOT` in a row are as far as one gets.
pub const MAX_DEPTH: usize = 150;

/// Parses one text.
pub(crate) struct Parser {
    pub(crate) cursor: Cursor,
}

impl Parser {
    pub(crate) fn new(text: &str) -> Parser {
        Parser { cursor: Cursor::new(text) }
    }

    /// The whole text; nothing if there is only white space.
    pub(crate) fn filter(&mut self) -> Result<Option<Node>, SyntaxError> {
        self.cursor.skip_whitespace();
        if self.cursor.rest().is_empty() {
            return Ok(None);
        }
        let node = self.or(0)?;
        let end = self.cursor.position();
        self.cursor.skip_whitespace();
        if !self.cursor.rest().is_empty() {
            return Err(self.cursor.error_from(end, Problem::TrailingCharacters));
        }
        Ok(Some(node))
    }

    fn or(&mut self, level: usize) -> Result<Node, SyntaxError> {
        let first = self.and(level + 1)?;
        let mut operands = vec![first];
        while self.read_connective("OR") {
            operands.push(self.and(level + 1)?);
        }
        Ok(Node::one_of(operands).expect("there is at least the first operand"))
    }

    fn and(&mut self, level: usize) -> Result<Node, SyntaxError> {
        let first = self.not(level + 1)?;
        let mut operands = vec![first];
        while self.read_connective("AND") {
            operands.push(self.not(level + 1)?);
        }
        Ok(Node::all_of(operands).expect("there is at least the first operand"))
    }

    fn read_connective(&mut self, keyword: &str) -> bool {
        let end = self.cursor.position();
        self.cursor.skip_whitespace();
        let found = self.cursor.read_keyword(keyword);
        if !found {
            self.cursor.go_to(end);
        }
        found
    }

    fn not(&mut self, level: usize) -> Result<Node, SyntaxError> {
        self.cursor.skip_whitespace();
        if level > MAX_DEPTH {
            return Err(self.cursor.error(Problem::TooDeep));
        }
        if self.cursor.read_keyword("NOT") {
            return Ok(self.not(level + 1)?.negated());
        }
        self.primary(level + 1)
    }

    /// A condition, or a filter in parentheses.
    fn primary(&mut self, level: usize) -> Result<Node, SyntaxError> {
        if level > MAX_DEPTH {
            return Err(self.cursor.error(Problem::TooDeep));
        }
        match self.cursor.peek_word() {
            "_geoRadius" => return self.geo_radius(),
            "_geoBoundingBox" => return self.geo_bounding_box(),
            "_geoPolygon" => return self.geo_polygon(),
            word => {
                if let Some(problem) = reserved_geo_name(word) {
                    return Err(self.cursor.error(problem));
                }
            }
        }
        match self.cursor.peek() {
            Some('(') => self.group(level),
            Some('_') if self.cursor.rest().starts_with("_vectors") => self.vectors(),
            Some('_') if self.cursor.peek_word() == "_foreign" => self.foreign(level),
            _ => self.condition(),
        }
    }

    fn group(&mut self, level: usize) -> Result<Node, SyntaxError> {
        let start = self.cursor.position();
        self.cursor.read("(");
        let node = self.or(level + 1)?;
        self.cursor.skip_whitespace();
        if !self.cursor.read(")") {
            return Err(self.cursor.error_from(start, Problem::MissingClosingDelimiter(')')));
        }
        self.cursor.skip_whitespace();
        Ok(node)
    }

    /// A field and what is asked of it.
    pub(crate) fn condition(&mut self) -> Result<Node, SyntaxError> {
        let start = self.cursor.position();
        let starts_value = |character: char| matches!(character, '\'' | '"') || is_word_character(character);
        if !self.cursor.peek().is_some_and(starts_value) {
            return Err(self.cursor.error(Problem::NoOperator));
        }
        let field = self.cursor.value()?;
        if let Some(node) = self.negatable(&field)? {
            return Ok(node);
        }
        if let Some(operator) = self.comparison()? {
            return Ok(Node::Condition { field, operator });
        }
        if let Some(operator) = self.between()? {
            return Ok(Node::Condition { field, operator });
        }
        Err(self.cursor.error_from(start, Problem::NoOperator))
    }

    fn comparison(&mut self) -> Result<Option<Operator>, SyntaxError> {
        let operator: fn(Token) -> Operator = if self.cursor.read("=") {
            Operator::Equal
        } else if self.cursor.read("!=") {
            Operator::NotEqual
        } else if self.cursor.read(">=") {
            Operator::GreaterThanOrEqual
        } else if self.cursor.read(">") {
            Operator::GreaterThan
        } else if self.cursor.read("<=") {
            Operator::LowerThanOrEqual
        } else if self.cursor.read("<") {
            Operator::LowerThan
        } else {
            return Ok(None);
        };
        Ok(Some(operator(self.cursor.value()?)))
    }

    /// `from TO to`; nothing, without moving, if that is not what comes next.
    fn between(&mut self) -> Result<Option<Operator>, SyntaxError> {
        let start = self.cursor.position();
        let from = match self.cursor.value() {
            Ok(from) => from,
            Err(SyntaxError { problem: Problem::MissingValue | Problem::KeywordAsValue, .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if self.cursor.read("TO") && self.cursor.skip_whitespace() {
            let to = self.cursor.value()?;
            return Ok(Some(Operator::Between { from, to }));
        }
        self.cursor.go_to(start);
        Ok(None)
    }

    /// The operators that can be negated by a `NOT` among their words; nothing, without moving, if there is none.
    fn negatable(&mut self, field: &Token) -> Result<Option<Node>, SyntaxError> {
        let start = self.cursor.position();
        let condition = |operator| Node::Condition { field: field.clone(), operator };
        if self.cursor.read_keyword("IS") {
            if let Some((operator, is_negated)) = self.state() {
                let node = condition(operator);
                return Ok(Some(if is_negated { node.negated() } else { node }));
            }
            self.cursor.go_to(start);
            return Ok(None);
        }
        let is_negated = self.cursor.read_keyword("NOT");
        self.cursor.skip_whitespace();
        let node = if self.cursor.read("EXISTS") {
            condition(Operator::Exists)
        } else if self.cursor.read_keyword("IN") {
            Node::In { field: field.clone(), values: self.list()? }
        } else if self.cursor.peek_word() == "CONTAINS" {
            let keyword = self.cursor.take("CONTAINS".len());
            condition(Operator::Contains { keyword, value: self.cursor.value()? })
        } else if self.cursor.read_keyword("STARTS WITH") {
            condition(Operator::StartsWith(self.cursor.value()?))
        } else {
            self.cursor.go_to(start);
            return Ok(None);
        };
        Ok(Some(if is_negated { node.negated() } else { node }))
    }

    /// What follows `IS`: `NULL` or `EMPTY`, and whether it is negated.
    fn state(&mut self) -> Option<(Operator, bool)> {
        self.cursor.skip_whitespace();
        let is_negated = self.cursor.read_keyword("NOT");
        self.cursor.skip_whitespace();
        if self.cursor.read("NULL") {
            Some((Operator::Null, is_negated))
        } else if self.cursor.read("EMPTY") {
            Some((Operator::Empty, is_negated))
        } else {
            None
        }
    }

    /// The list of `IN`, from its opening bracket; a comma may follow the last value.
    fn list(&mut self) -> Result<Vec<Token>, SyntaxError> {
        self.cursor.skip_whitespace();
        if !self.cursor.read("[") {
            return Err(self.cursor.error(Problem::InWithoutBracket));
        }
        let mut values = Vec::new();
        loop {
            self.cursor.skip_whitespace();
            match self.cursor.value() {
                Ok(value) => values.push(value),
                Err(SyntaxError { problem: Problem::MissingValue | Problem::KeywordAsValue, .. }) => break,
                Err(error) => return Err(error),
            }
            if !self.cursor.read(",") {
                break;
            }
        }
        self.cursor.skip_whitespace();
        if self.cursor.read("]") {
            self.cursor.skip_whitespace();
            return Ok(values);
        }
        let problem = match self.cursor.rest() {
            "" => Problem::InWithoutClosingBracket,
            rest if is_keyword(rest) => Problem::InExpectedValuesNotKeyword,
            _ => Problem::InExpectedValues,
        };
        Err(self.cursor.error(problem))
    }

    /// `_foreign(field, filter)`, or a condition on a field of that name.
    fn foreign(&mut self, level: usize) -> Result<Node, SyntaxError> {
        let start = self.cursor.position();
        match self.condition() {
            Err(SyntaxError { problem: Problem::NoOperator, .. }) => {}
            parsed => return parsed,
        }
        self.cursor.go_to(start);
        self.cursor.read("_foreign");
        if !self.cursor.read("(") {
            return Err(self.cursor.error(Problem::ForeignForm));
        }
        let field = self.cursor.value().map_err(|error| match error.problem {
            Problem::MissingValue | Problem::KeywordAsValue => {
                SyntaxError { problem: Problem::ForeignForm, ..error }
            }
            _ => error,
        })?;
        if !self.cursor.read(",") {
            return Err(self.cursor.error(Problem::ForeignForm));
        }
        self.cursor.skip_whitespace();
        let condition_start = self.cursor.position();
        let condition = self.or(level + 1).map_err(|error| {
            let starts_wrong =
                error.problem == Problem::NoOperator && error.place.span().start == condition_start;
            if starts_wrong { SyntaxError { problem: Problem::ForeignForm, ..error } } else { error }
        })?;
        self.cursor.skip_whitespace();
        if !self.cursor.read(")") {
            return Err(self.cursor.error(Problem::ForeignForm));
        }
        Ok(Node::Foreign { field, condition: Box::new(condition) })
    }
}
