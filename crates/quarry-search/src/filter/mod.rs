//! Which documents a filter holds on.
//!
//! Two passes over the tree:
//!
//! 1. `check`: every field may be filtered, every operator is allowed on its field, every coordinate is possible.
//!    What is wrong is said before anything is read, whatever the documents are.
//! 2. Evaluation, one file per family of operators: `comparison`, `range`, `exists`, `contains`, `geo`,
//!    `vectors`. Each gives the set of documents on which one condition holds; here they are combined.
//!
//! `foreign` is done before both: it replaces conditions on other indexes by lists of values.

mod check;
mod comparison;
mod contains;
mod error;
mod exists;
mod foreign;
mod geo;
mod range;
mod rules;
#[cfg(test)]
mod tests;
mod vectors;

use std::cell::OnceCell;
use std::collections::HashSet;

use quarry_filter::{Filter, Node, Operator, Token, Wording};
use quarry_index::{FieldId, Snapshot};
use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use crate::deadline::Deadline;

pub use error::{FilterEvaluationError, FilterFeature, Refusal};
pub use foreign::{FOREIGN_DOCUMENTS_MAX, matching_ids, resolve_foreign};

/// The longest that a request waits for its filter.
///
/// A search that is out of time answers what it has, but half a filter lets documents through that the other half
/// keeps back, so a filter that takes too long is refused. Hence a limit that only filters reach that were sent to keep
/// the server busy: 20,000 different ranges over 30,000 documents take 3 seconds. It is a limit of time and not of
/// conditions because some of these cost a thousand times what others do, and because many thousands of cheap ones are
/// common and must go on to work.
pub const TIME_MAX_MS: u64 = 10_000;

/// The documents on which `filter` holds.
///
/// - `wording`: the text of the filter that an error shows
/// - `time_max_ms`: [`TIME_MAX_MS`] if a client waits; none in tasks, for which no time is too long
///
/// # Errors
/// `Refused` if the settings do not allow the filter or it takes too long; `Storage` if the index cannot be read.
pub fn evaluate(
    snapshot: &Snapshot<'_>,
    filter: &Filter,
    wording: Wording,
    time_max_ms: Option<u64>,
) -> Result<RoaringBitmap, FilterEvaluationError> {
    let time_limit = time_max_ms.map(|time_max_ms| (time_max_ms, Deadline::after_ms(time_max_ms)));
    let evaluation = Evaluation { snapshot, filter, wording, time_limit, all: OnceCell::new() };
    evaluation.check()?;
    evaluation.node(filter.root())
}

/// The evaluation of one filter on one index.
struct Evaluation<'f> {
    snapshot: &'f Snapshot<'f>,
    filter: &'f Filter,
    wording: Wording,
    /// Milliseconds, and when they are over.
    time_limit: Option<(u64, Deadline)>,
    /// All documents, once something needs them.
    all: OnceCell<RoaringBitmap>,
}

impl Evaluation<'_> {
    fn node(&self, node: &Node) -> Result<RoaringBitmap, FilterEvaluationError> {
        self.check_time()?;
        match node {
            Node::And(operands) => self.all_of(operands),
            Node::Or(operands) => {
                let mut found = RoaringBitmap::new();
                for operand in distinct(operands) {
                    found |= self.node(operand)?;
                }
                Ok(found)
            }
            Node::Not(operand) => Ok(self.all()? - self.node(operand)?),
            Node::Condition { field, operator } => match self.field(field) {
                Some(field) => self.condition(field, operator),
                None => Ok(RoaringBitmap::new()),
            },
            Node::In { field, values } => match self.field(field) {
                Some(field) => self.equal_to_any(field, values),
                None => Ok(RoaringBitmap::new()),
            },
            Node::GeoRadius { .. } | Node::GeoBoundingBox { .. } | Node::GeoPolygon { .. } => self.geo(node),
            Node::Vectors { .. } => Ok(self.vectors()),
            Node::Foreign { field, .. } => Err(self.refuse(Refusal::ForeignNotSupported, Some(field))),
        }
    }

    /// The documents on which all operands hold. What is negated is taken away from the rest, so that only a filter
    /// of nothing but negations needs the set of all documents.
    fn all_of(&self, operands: &[Node]) -> Result<RoaringBitmap, FilterEvaluationError> {
        let mut found: Option<RoaringBitmap> = None;
        for operand in distinct(operands).filter(|operand| !matches!(operand, Node::Not(_))) {
            let holds = self.node(operand)?;
            let both = match found {
                Some(found) => found & holds,
                None => holds,
            };
            if both.is_empty() {
                return Ok(both);
            }
            found = Some(both);
        }
        let mut found = match found {
            Some(found) => found,
            None => self.all()?.clone(),
        };
        for operand in distinct(operands) {
            if let Node::Not(negated) = operand
                && !found.is_empty()
            {
                found -= self.node(negated)?;
            }
        }
        Ok(found)
    }

    /// One condition on a field that some document has, or had.
    fn condition(&self, field: FieldId, operator: &Operator) -> Result<RoaringBitmap, FilterEvaluationError> {
        let found = match operator {
            Operator::Equal(value) => return self.equal(field, value),
            Operator::NotEqual(value) => return Ok(self.all()? - self.equal(field, value)?),
            Operator::GreaterThan(_)
            | Operator::GreaterThanOrEqual(_)
            | Operator::LowerThan(_)
            | Operator::LowerThanOrEqual(_)
            | Operator::Between { .. } => self.range(field, operator),
            Operator::Exists => self.exists(field),
            Operator::Null => self.is_null(field),
            Operator::Empty => self.is_empty(field),
            Operator::Contains { value, .. } => self.contains(field, value),
            Operator::StartsWith(value) => self.starts_with(field, value),
        };
        Ok(found?)
    }

    /// Checks that there is time for one more condition.
    fn check_time(&self) -> Result<(), FilterEvaluationError> {
        if self.has_time() { Ok(()) } else { Err(self.too_slow()) }
    }

    /// Whether the time that the filter may take is not over. Conditions that compare documents one by one ask this
    /// as they go.
    fn has_time(&self) -> bool {
        self.time_limit.as_ref().is_none_or(|(_, deadline)| !deadline.is_over())
    }

    fn too_slow(&self) -> FilterEvaluationError {
        let time_max_ms = self.time_limit.as_ref().map_or(TIME_MAX_MS, |(time_max_ms, _)| *time_max_ms);
        self.refuse(Refusal::TooSlow { time_max_ms }, None)
    }

    /// The field of this name; none if no document ever had it.
    fn field(&self, name: &Token) -> Option<FieldId> {
        self.snapshot.fields().id(name.value())
    }

    fn all(&self) -> Result<&RoaringBitmap, StorageError> {
        if let Some(all) = self.all.get() {
            return Ok(all);
        }
        let all = self.snapshot.documents_ids()?;
        Ok(self.all.get_or_init(|| all))
    }

    /// The error for `refusal`, which shows the filter if it has a place in it.
    fn refuse(&self, refusal: Refusal, place: Option<&Token>) -> FilterEvaluationError {
        let message = match place {
            Some(token) => self.filter.explain(&refusal, token, self.wording),
            None => refusal.to_string(),
        };
        FilterEvaluationError::Refused { refusal: Box::new(refusal), message }
    }
}

/// The operands of `AND` or `OR` but for those that repeat an earlier one. The set is not to be outwitted by texts that
/// were chosen for it.
fn distinct(operands: &[Node]) -> impl Iterator<Item = &Node> {
    let mut seen = HashSet::new();
    operands.iter().filter(move |operand| seen.insert(*operand))
}
