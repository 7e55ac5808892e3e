//! Conditions on vectors: `_vectors[.embedder[.part]] [NOT] EXISTS`.

use crate::ast::{Node, VectorsPart};
use crate::cursor::is_word_character;
use crate::error::{Problem, SyntaxError, VectorsProblem};
use crate::parser::Parser;
use crate::token::Token;

impl Parser {
    /// A condition on vectors, or on an ordinary field whose name starts like one.
    pub(crate) fn vectors(&mut self) -> Result<Node, SyntaxError> {
        let start = self.cursor.position();
        let keyword = self.cursor.take("_vectors".len());
        let goes_on = |character| is_word_character(character) && character != '.';
        if self.cursor.peek().is_some_and(goes_on) {
            self.cursor.go_to(start);
            return self.condition();
        }
        let (embedder, part) = self.vectors_selection()?;
        if !self.cursor.skip_whitespace() && !self.cursor.peek().is_some_and(is_operator) {
            return Err(self.vectors_error(VectorsProblem::Leftover));
        }
        let operator_start = self.cursor.position();
        let is_negated = self.cursor.read_keyword("NOT");
        self.cursor.skip_whitespace();
        if self.cursor.read("EXISTS") {
            let node = Node::Vectors { keyword, embedder, part };
            return Ok(if is_negated { node.negated() } else { node });
        }
        self.cursor.go_to(start);
        self.condition().map_err(|error| match error.problem {
            Problem::NoOperator => {
                self.cursor.error_from(operator_start, Problem::Vectors(VectorsProblem::Operator))
            }
            _ => error,
        })
    }

    /// The embedder and part that may follow `_vectors`.
    fn vectors_selection(&mut self) -> Result<(Option<Token>, Option<VectorsPart>), SyntaxError> {
        if !self.cursor.read(".") {
            return Ok((None, None));
        }
        let Some(embedder) = self.vectors_name()? else {
            let start = self.cursor.position();
            let length = self.cursor.peek().map_or(0, char::len_utf8);
            let problem = Problem::Vectors(VectorsProblem::MissingEmbedder);
            return Err(self.cursor.error_at(start..start + length, problem));
        };
        if !self.cursor.read(".") {
            return Ok((Some(embedder), None));
        }
        let length = undotted_length(self.cursor.rest());
        let part = self.cursor.take(length);
        let part = match part.value() {
            "userProvided" => VectorsPart::UserProvided,
            "documentTemplate" => VectorsPart::DocumentTemplate,
            "regenerate" => VectorsPart::Regenerate,
            "fragments" => {
                let name = if self.cursor.read(".") { self.vectors_name()? } else { None };
                let missing = || self.vectors_error(VectorsProblem::MissingFragment);
                VectorsPart::Fragment(name.ok_or_else(missing)?)
            }
            _ => {
                let problem = Problem::Vectors(VectorsProblem::UnknownPart);
                return Err(self.cursor.error_at(part.span(), problem));
            }
        };
        Ok((Some(embedder), Some(part)))
    }

    /// A name in quotes, or a word without dots; nothing if neither comes next.
    fn vectors_name(&mut self) -> Result<Option<Token>, SyntaxError> {
        if let Some(quote @ ('\'' | '"')) = self.cursor.peek() {
            return self.cursor.quoted(quote).map(Some);
        }
        let length = undotted_length(self.cursor.rest());
        Ok((length > 0).then(|| self.cursor.take(length)))
    }

    fn vectors_error(&self, problem: VectorsProblem) -> SyntaxError {
        self.cursor.error(Problem::Vectors(problem))
    }
}

fn is_operator(character: char) -> bool {
    matches!(character, '=' | '!' | '<' | '>')
}

/// How many bytes the word takes that `text` starts with, up to a dot.
fn undotted_length(text: &str) -> usize {
    text.find(|character| !is_word_character(character) || character == '.').unwrap_or(text.len())
}
