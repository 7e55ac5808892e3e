//! The canonical text of a filter, and where a token is in it.
//!
//! Names and values are quoted, with `"` and `\` escaped; operands of `AND`, `OR` and `NOT` stand in parentheses;
//! negated operators become `NOT (…)`. Parsing the text gives the same tree.

use std::fmt::Display;
use std::ops::Range;

use crate::ast::{Filter, Node, Operator, VectorsPart};
use crate::token::{Token, columns};

/// The text of a filter that an error shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// The text that the client sent; of a list, the element at fault.
    AsSent,
    /// The canonical text of the whole filter.
    Rewritten,
}

impl Filter {
    /// The canonical text of the filter.
    pub fn rewritten(&self) -> String {
        let mut writer = Writer { text: String::new(), sought: None, found: None };
        writer.node(self.root());
        writer.text
    }

    /// The message shown to clients for `token` of this filter: the diagnostic, then the columns and the text.
    ///
    /// A token that is no part of the filter is shown in its own text, whatever the wording.
    pub fn explain(&self, diagnostic: impl Display, token: &Token, wording: Wording) -> String {
        if wording == Wording::Rewritten {
            let mut writer = Writer { text: String::new(), sought: Some(token), found: None };
            writer.node(self.root());
            if let Some(span) = writer.found {
                let Range { start, end } = columns(&writer.text, span);
                return format!("{diagnostic}\n{start}:{end} {}", writer.text);
            }
        }
        token.explain(diagnostic)
    }
}

/// Writes a tree, and remembers the bytes where the sought token went.
struct Writer<'a> {
    text: String,
    sought: Option<&'a Token>,
    found: Option<Range<usize>>,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node) {
        match node {
            Node::And(operands) => self.operands(operands, ") AND ("),
            Node::Or(operands) => self.operands(operands, ") OR ("),
            Node::Not(operand) => {
                self.plain("NOT (");
                self.node(operand);
                self.plain(")");
            }
            Node::Condition { field, operator } => self.condition(field, operator),
            Node::In { field, values } => {
                self.quoted(field);
                self.plain(" IN [");
                self.separated(values, |writer, value| writer.quoted(value));
                self.plain("]");
            }
            Node::Foreign { field, condition } => {
                self.plain("_foreign(");
                self.quoted(field);
                self.plain(", ");
                self.node(condition);
                self.plain(")");
            }
            Node::Vectors { keyword, embedder, part } => {
                self.vectors(keyword, embedder.as_ref(), part.as_ref());
            }
            Node::GeoRadius { center: [latitude, longitude], radius, resolution } => {
                self.plain("_geoRadius(");
                let arguments = [latitude, longitude, radius].into_iter().chain(resolution);
                self.separated(arguments, |writer, number| writer.verbatim(number));
                self.plain(")");
            }
            Node::GeoBoundingBox { top_right, bottom_left } => {
                self.plain("_geoBoundingBox(");
                self.separated([top_right, bottom_left], |writer, point| writer.point(point));
                self.plain(")");
            }
            Node::GeoPolygon { points } => {
                self.plain("_geoPolygon(");
                self.separated(points, |writer, point| writer.point(point));
                self.plain(")");
            }
        }
    }

    fn operands(&mut self, operands: &[Node], separator: &str) {
        self.plain("(");
        for (position, operand) in operands.iter().enumerate() {
            if position > 0 {
                self.plain(separator);
            }
            self.node(operand);
        }
        self.plain(")");
    }

    fn condition(&mut self, field: &Token, operator: &Operator) {
        self.quoted(field);
        let (symbol, value) = match operator {
            Operator::Exists => return self.plain(" EXISTS"),
            Operator::Null => return self.plain(" IS NULL"),
            Operator::Empty => return self.plain(" IS EMPTY"),
            Operator::Between { from, to } => {
                self.plain(" ");
                self.quoted(from);
                (" TO ", to)
            }
            Operator::Equal(value) => (" = ", value),
            Operator::NotEqual(value) => (" != ", value),
            Operator::GreaterThan(value) => (" > ", value),
            Operator::GreaterThanOrEqual(value) => (" >= ", value),
            Operator::LowerThan(value) => (" < ", value),
            Operator::LowerThanOrEqual(value) => (" <= ", value),
            Operator::Contains { keyword, value } => {
                self.plain(" ");
                self.verbatim(keyword);
                (" ", value)
            }
            Operator::StartsWith(value) => (" STARTS WITH ", value),
        };
        self.plain(symbol);
        self.quoted(value);
    }

    fn vectors(&mut self, keyword: &Token, embedder: Option<&Token>, part: Option<&VectorsPart>) {
        self.verbatim(keyword);
        if let Some(embedder) = embedder {
            self.plain(".");
            self.quoted(embedder);
        }
        match part {
            None => {}
            Some(VectorsPart::UserProvided) => self.plain(".userProvided"),
            Some(VectorsPart::DocumentTemplate) => self.plain(".documentTemplate"),
            Some(VectorsPart::Regenerate) => self.plain(".regenerate"),
            Some(VectorsPart::Fragment(name)) => {
                self.plain(".fragments.");
                self.quoted(name);
            }
        }
        self.plain(" EXISTS");
    }

    fn point(&mut self, point: &[Token; 2]) {
        self.plain("[");
        self.separated(point, |writer, number| writer.verbatim(number));
        self.plain("]");
    }

    fn separated<T>(&mut self, items: impl IntoIterator<Item = T>, write: impl Fn(&mut Self, T)) {
        for (position, item) in items.into_iter().enumerate() {
            if position > 0 {
                self.plain(", ");
            }
            write(self, item);
        }
    }

    fn plain(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A number or keyword, as it is.
    fn verbatim(&mut self, token: &Token) {
        let start = self.text.len();
        self.text.push_str(token.value());
        self.remember(token, start);
    }

    /// A name or value in quotes; the remembered place leaves them out.
    fn quoted(&mut self, token: &Token) {
        self.text.push('"');
        let start = self.text.len();
        for character in token.value().chars() {
            if matches!(character, '"' | '\\') {
                self.text.push('\\');
            }
            self.text.push(character);
        }
        self.remember(token, start);
        self.text.push('"');
    }

    fn remember(&mut self, token: &Token, start: usize) {
        if self.found.is_none() && self.sought.is_some_and(|sought| sought.is_same_place(token)) {
            self.found = Some(start..self.text.len());
        }
    }
}
