//! The tree of a filter.

use serde_json::Value;

use crate::token::Token;

/// A whole filter: never empty, and nested only as far as the parser allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    given: Value,
    root: Node,
}

/// A condition, or several combined.
///
/// `And` and `Or` hold at least two nodes. A `Not` never holds a `Not`: `a NOT IN […]` is `Not(In)`, and two
/// negations of one condition vanish. `!=` is an operator of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node {
    /// All of them hold.
    And(Vec<Node>),
    /// At least one of them holds.
    Or(Vec<Node>),
    /// It does not hold.
    Not(Box<Node>),
    /// A field compared with a value, or asked for its state.
    Condition {
        /// The field's name.
        field: Token,
        /// What its values must satisfy.
        operator: Operator,
    },
    /// A field that has one of several values.
    In {
        /// The field's name.
        field: Token,
        /// The values; there may be none.
        values: Vec<Token>,
    },
    /// Within a distance of a point.
    GeoRadius {
        /// Latitude and longitude, degrees.
        center: [Token; 2],
        /// Metres.
        radius: Token,
        /// Corners of the polygon that stands for the circle when shapes are compared with it.
        resolution: Option<Token>,
    },
    /// Within a box along the parallels and meridians.
    GeoBoundingBox {
        /// Latitude and longitude, degrees.
        top_right: [Token; 2],
        /// Latitude and longitude, degrees.
        bottom_left: [Token; 2],
    },
    /// Within a polygon.
    GeoPolygon {
        /// At least three points: latitude and longitude, degrees.
        points: Vec<[Token; 2]>,
    },
    /// A document that has vectors.
    Vectors {
        /// The word `_vectors`.
        keyword: Token,
        /// The embedder; any when absent.
        embedder: Option<Token>,
        /// Which of the embedder's vectors; all when absent.
        part: Option<VectorsPart>,
    },
    /// A field that holds the id of a document of another index, on which a condition holds.
    Foreign {
        /// The field's name, in this index.
        field: Token,
        /// The condition on the document of the other index.
        condition: Box<Node>,
    },
}

/// What a condition asks of the values of a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`
    Equal(Token),
    /// `!=`
    NotEqual(Token),
    /// `>`
    GreaterThan(Token),
    /// `>=`
    GreaterThanOrEqual(Token),
    /// `<`
    LowerThan(Token),
    /// `<=`
    LowerThanOrEqual(Token),
    /// `from TO to`, both included
    Between {
        /// The lower bound.
        from: Token,
        /// The upper bound.
        to: Token,
    },
    /// `EXISTS`
    Exists,
    /// `IS NULL`
    Null,
    /// `IS EMPTY`
    Empty,
    /// `CONTAINS`
    Contains {
        /// The word itself, for the error of clients who may not use it.
        keyword: Token,
        /// What to look for inside the values.
        value: Token,
    },
    /// `STARTS WITH`
    StartsWith(Token),
}

/// Some of the vectors of an embedder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VectorsPart {
    /// Given by the user.
    UserProvided,
    /// Made from the document template.
    DocumentTemplate,
    /// To be made again when the document changes.
    Regenerate,
    /// Made from the fragment of this name.
    Fragment(Token),
}

impl Filter {
    /// A filter of `root`, with the JSON value that it was parsed from.
    pub(crate) fn new(given: Value, root: Node) -> Filter {
        Filter { given, root }
    }

    /// The JSON value that it was parsed from; parsing it again gives the same filter.
    pub fn as_given(&self) -> &Value {
        &self.given
    }

    /// The topmost node.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The filter that holds where both hold.
    pub fn and(self, other: Filter) -> Filter {
        let mut given = list(self.given);
        given.append(&mut list(other.given));
        Filter { given: Value::Array(given), root: Node::And(vec![self.root, other.root]) }
    }

    /// All nodes without operands, in the order of the text; not those inside `_foreign`.
    pub fn leaves(&self) -> Vec<&Node> {
        let mut leaves = Vec::new();
        self.root.collect_leaves(&mut leaves);
        leaves
    }

    /// The names of the fields with conditions, in the order of the text.
    ///
    /// Geographic and vector conditions have none. The fields inside `_foreign` belong to another index and are left
    /// out.
    pub fn fields(&self) -> Vec<&Token> {
        let field = |leaf: &'_ Node| leaf.field().is_some();
        self.leaves().into_iter().filter(|leaf| field(leaf)).filter_map(Node::field).collect()
    }

    /// The keyword of the first `CONTAINS`, if there is one: it must be enabled.
    pub fn uses_contains(&self) -> Option<&Token> {
        self.root.find(&|node| match node {
            Node::Condition { operator: Operator::Contains { keyword, .. }, .. } => Some(keyword),
            _ => None,
        })
    }

    /// The keyword of the first condition on vectors, if there is one: it must be enabled.
    pub fn uses_vectors(&self) -> Option<&Token> {
        self.root.find(&|node| match node {
            Node::Vectors { keyword, .. } => Some(keyword),
            _ => None,
        })
    }

    /// The field of the first `_foreign`, if there is one: it must be enabled, and not every route takes it.
    pub fn uses_foreign(&self) -> Option<&Token> {
        self.root.find(&|node| match node {
            Node::Foreign { field, .. } => Some(field),
            _ => None,
        })
    }

    /// Replaces every `_foreign` by the list of values that `resolve` finds for it.
    ///
    /// `resolve` gets the field of this index and the filter for the other one, and gives the ids of the documents
    /// there on which it holds.
    ///
    /// # Errors
    /// The first error of `resolve`.
    pub fn resolve_foreign<E>(
        self,
        mut resolve: impl FnMut(&Token, &Filter) -> Result<Vec<String>, E>,
    ) -> Result<Filter, E> {
        let Filter { given, mut root } = self;
        root.resolve_foreign(&mut resolve)?;
        Ok(Filter { given, root })
    }
}

/// The elements of a filter in JSON, all of which must hold.
fn list(given: Value) -> Vec<Value> {
    match given {
        Value::Array(elements) => elements,
        other => vec![other],
    }
}

impl Node {
    /// The field that a leaf is about, if it is about one.
    pub fn field(&self) -> Option<&Token> {
        match self {
            Node::Condition { field, .. } | Node::In { field, .. } | Node::Foreign { field, .. } => {
                Some(field)
            }
            _ => None,
        }
    }

    /// The negation of this node; two negations vanish.
    pub(crate) fn negated(self) -> Node {
        match self {
            Node::Not(inner) => *inner,
            other => Node::Not(Box::new(other)),
        }
    }

    /// All of `operands`, or the only one; `None` if there are none.
    pub(crate) fn all_of(mut operands: Vec<Node>) -> Option<Node> {
        if operands.len() > 1 { Some(Node::And(operands)) } else { operands.pop() }
    }

    /// One of `operands`, or the only one; `None` if there are none.
    pub(crate) fn one_of(mut operands: Vec<Node>) -> Option<Node> {
        if operands.len() > 1 { Some(Node::Or(operands)) } else { operands.pop() }
    }

    fn collect_leaves<'a>(&'a self, leaves: &mut Vec<&'a Node>) {
        match self {
            Node::And(operands) | Node::Or(operands) => {
                operands.iter().for_each(|operand| operand.collect_leaves(leaves));
            }
            Node::Not(operand) => operand.collect_leaves(leaves),
            leaf => leaves.push(leaf),
        }
    }

    /// The first answer of `probe` over all nodes in the order of the text, those inside `_foreign` included.
    fn find<'a>(&'a self, probe: &impl Fn(&'a Node) -> Option<&'a Token>) -> Option<&'a Token> {
        probe(self).or_else(|| match self {
            Node::And(operands) | Node::Or(operands) => {
                operands.iter().find_map(|operand| operand.find(probe))
            }
            Node::Not(operand) | Node::Foreign { condition: operand, .. } => operand.find(probe),
            _ => None,
        })
    }

    fn resolve_foreign<E>(
        &mut self,
        resolve: &mut impl FnMut(&Token, &Filter) -> Result<Vec<String>, E>,
    ) -> Result<(), E> {
        match self {
            Node::And(operands) | Node::Or(operands) => {
                operands.iter_mut().try_for_each(|operand| operand.resolve_foreign(resolve))
            }
            Node::Not(operand) => operand.resolve_foreign(resolve),
            Node::Foreign { field, condition } => {
                let foreign = Filter::new(Value::Null, (**condition).clone());
                let ids = resolve(field, &foreign)?;
                let values = ids.iter().map(|id| Token::from_value(id)).collect();
                *self = Node::In { field: field.clone(), values };
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
