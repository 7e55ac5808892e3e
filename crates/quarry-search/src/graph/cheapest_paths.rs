//! The documents of each cost: those that satisfy a path of this cost, and no cheaper one.
//!
//! Every edge into a node has a cost and a set of documents. Paths are never listed: `reach[c][n]` is the set of
//! documents that satisfy some path from the start to node n of total cost c, and follows from the sets of
//! cheaper or earlier nodes. Costs are computed one by one, only as far as somebody asks, so the first documents
//! of a search never pay for the last ones.

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::rebuild::{GraphBuilder, StateId};
use crate::graph::{NodeTerm, QueryGraph};
use crate::space::Space;

/// One way into a node.
pub(crate) struct Edge<S: Space> {
    /// Added to the cost of the path.
    pub cost: u32,
    /// What of the node's term the next rule sees; none if the path skips the node.
    pub term: Option<NodeTerm>,
    /// Documents that may take it.
    pub documents: EdgeDocuments<S>,
}

/// Documents that may take an edge.
pub(crate) enum EdgeDocuments<S: Space> {
    /// Known at once.
    Known(S::Set),
    /// To be asked of the rule, with this number, when a path gets there.
    Deferred(u16),
}

/// What a rule says about the edges of a graph.
pub(crate) trait EdgeCosts {
    /// What all deferred edges from one node to another have in common.
    type Prepared<'i, S: Space>: Default;

    /// Whether edges into a node depend on the node before.
    const DEPENDS_ON_LEFT: bool;

    /// The largest cost of an edge from `left` (none: the start) to `right`, whether or not any document may
    /// take it.
    fn largest_cost(&self, context: &SearchContext<'_>, left: Option<NodeTerm>, right: NodeTerm) -> u32;

    /// The edges from `left` to `right`; `left` is none unless [`Self::DEPENDS_ON_LEFT`].
    fn edges<S: Space>(
        &self,
        context: &SearchContext<'_>,
        space: &S,
        left: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<Vec<Edge<S>>, StorageError>;

    /// What the deferred edges from `left` to `right` have in common: asked for once, before the first of them.
    /// By default nothing.
    fn prepare<'i, S: Space>(
        &self,
        _context: &SearchContext<'i>,
        _space: &S,
        _left: Option<NodeTerm>,
        _right: NodeTerm,
    ) -> Result<Self::Prepared<'i, S>, StorageError> {
        Ok(Self::Prepared::default())
    }

    /// The documents of a deferred edge to `right`.
    fn deferred<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        prepared: &Self::Prepared<'i, S>,
        right: NodeTerm,
        number: u16,
    ) -> Result<S::Set, StorageError>;
}

/// Edges into a node from some of its predecessors.
struct Incoming<'i, S: Space, C: EdgeCosts> {
    predecessors: Vec<u32>,
    left: Option<NodeTerm>,
    edges: Vec<Edge<S>>,
    prepared: Option<C::Prepared<'i, S>>,
}

impl<'i, S: Space, C: EdgeCosts> Incoming<'i, S, C> {
    fn new(predecessors: Vec<u32>, left: Option<NodeTerm>, edges: Vec<Edge<S>>) -> Self {
        Incoming { predecessors, left, edges, prepared: None }
    }

    /// The documents of a deferred edge.
    fn deferred(
        &mut self,
        context: &SearchContext<'i>,
        costs: &C,
        space: &S,
        (right, number): (NodeTerm, u16),
    ) -> Result<S::Set, StorageError> {
        let prepared = match self.prepared.take() {
            Some(prepared) => prepared,
            None => costs.prepare(context, space, self.left, right)?,
        };
        let documents = costs.deferred(context, space, &prepared, right, number)?;
        self.prepared = Some(prepared);
        Ok(documents)
    }
}

/// The paths of a graph by cost.
pub(crate) struct CheapestPaths<'i, S: Space, C: EdgeCosts> {
    /// By node.
    incoming: Vec<Vec<Incoming<'i, S, C>>>,
    /// By node; none for start and end.
    terms: Vec<Option<NodeTerm>>,
    /// By cost, then node.
    reach: Vec<Vec<S::Set>>,
    /// The largest cost of a path.
    pub(crate) cost_max: u32,
}

impl<'i, S: Space, C: EdgeCosts> CheapestPaths<'i, S, C> {
    pub(crate) fn new(
        context: &SearchContext<'i>,
        costs: &C,
        space: &S,
        graph: &QueryGraph,
    ) -> Result<Self, StorageError> {
        let terms: Vec<Option<NodeTerm>> = graph.nodes.iter().map(|node| node.term).collect();
        let mut incoming = Vec::with_capacity(graph.nodes.len());
        for node in &graph.nodes {
            incoming.push(incoming_edges(context, costs, space, &terms, node)?);
        }
        let cost_max = largest_cost(context, costs, graph);
        Ok(CheapestPaths { incoming, terms, reach: Vec::new(), cost_max })
    }

    /// The documents of some path of this cost. Costs must be asked in order, from 0.
    pub(crate) fn documents_at(
        &mut self,
        context: &SearchContext<'i>,
        costs: &C,
        space: &S,
        cost: u32,
    ) -> Result<&S::Set, StorageError> {
        while self.reach.len() <= cost as usize {
            self.compute_next_cost(context, costs, space)?;
        }
        Ok(&self.reach[cost as usize][self.terms.len() - 1])
    }

    fn compute_next_cost(
        &mut self,
        context: &SearchContext<'i>,
        costs: &C,
        space: &S,
    ) -> Result<(), StorageError> {
        let cost = self.reach.len();
        self.reach.push(vec![S::Set::default(); self.terms.len()]);
        if cost == 0 {
            self.reach[0][0] = space.all();
        }
        for node in 1..self.terms.len() {
            let mut reached = S::Set::default();
            for incoming in &mut self.incoming[node] {
                for at in 0..incoming.edges.len() {
                    let edge = &incoming.edges[at];
                    let Some(cost_before) = cost.checked_sub(edge.cost as usize) else { continue };
                    let mut before = S::Set::default();
                    for predecessor in &incoming.predecessors {
                        S::unite(&mut before, &self.reach[cost_before][*predecessor as usize]);
                    }
                    if S::is_empty(&before) {
                        continue;
                    }
                    if let (EdgeDocuments::Deferred(number), Some(right)) =
                        (&edge.documents, self.terms[node])
                    {
                        let documents = incoming.deferred(context, costs, space, (right, *number))?;
                        incoming.edges[at].documents = EdgeDocuments::Known(documents);
                    }
                    if let EdgeDocuments::Known(documents) = &incoming.edges[at].documents {
                        S::unite(&mut reached, &space.intersection(&before, documents));
                    }
                }
            }
            self.reach[cost][node] = reached;
        }
        Ok(())
    }

    /// Adds to `builder` the paths of this cost that some document of `bucket` satisfies; the states that they
    /// begin with.
    pub(crate) fn paths(
        &self,
        space: &S,
        cost: u32,
        bucket: &S::Set,
        builder: &mut GraphBuilder,
    ) -> Vec<StateId> {
        let mut flows: Vec<Vec<Flow<S>>> = self.terms.iter().map(|_| Vec::new()).collect();
        let end = self.terms.len() - 1;
        flows[end].push(Flow { cost, documents: bucket.clone(), followers: vec![GraphBuilder::END] });
        for node in (1..=end).rev() {
            for mut flow in std::mem::take(&mut flows[node]) {
                self.flow_back(space, node, &mut flow, &mut flows, builder);
            }
        }
        flows.swap_remove(0).into_iter().flat_map(|flow| flow.followers).collect()
    }

    /// Passes the documents that come to `node` at one cost on to its predecessors.
    fn flow_back(
        &self,
        space: &S,
        node: usize,
        flow: &mut Flow<S>,
        flows: &mut [Vec<Flow<S>>],
        builder: &mut GraphBuilder,
    ) {
        for incoming in &self.incoming[node] {
            for edge in &incoming.edges {
                let Some(cost_before) = flow.cost.checked_sub(edge.cost) else { continue };
                let EdgeDocuments::Known(documents) = &edge.documents else { continue };
                let through = space.intersection(&flow.documents, documents);
                if S::is_empty(&through) {
                    continue;
                }
                let mut state = None;
                for predecessor in &incoming.predecessors {
                    let reached = &self.reach[cost_before as usize][*predecessor as usize];
                    let documents = space.intersection(&through, reached);
                    if S::is_empty(&documents) {
                        continue;
                    }
                    let before = Flow::at(&mut flows[*predecessor as usize], cost_before);
                    S::unite(&mut before.documents, &documents);
                    match edge.term {
                        Some(term) => {
                            let state =
                                *state.get_or_insert_with(|| builder.state(term, &mut flow.followers));
                            before.followers.push(state);
                        }
                        // The path skips the node, or it is the end.
                        None => before.followers.extend_from_slice(&flow.followers),
                    }
                }
            }
        }
    }
}

/// Documents of a bucket that pass a node at one cost, and what their paths go on with.
struct Flow<S: Space> {
    cost: u32,
    documents: S::Set,
    followers: Vec<StateId>,
}

impl<S: Space> Flow<S> {
    /// The flow of this cost.
    fn at(flows: &mut Vec<Flow<S>>, cost: u32) -> &mut Flow<S> {
        let at = flows.iter().position(|flow| flow.cost == cost).unwrap_or_else(|| {
            flows.push(Flow { cost, documents: S::Set::default(), followers: Vec::new() });
            flows.len() - 1
        });
        &mut flows[at]
    }
}

fn incoming_edges<'i, S: Space, C: EdgeCosts>(
    context: &SearchContext<'i>,
    costs: &C,
    space: &S,
    terms: &[Option<NodeTerm>],
    node: &crate::graph::GraphNode,
) -> Result<Vec<Incoming<'i, S, C>>, StorageError> {
    let predecessors = &node.predecessors;
    let Some(right) = node.term else {
        // The end, free for all. (The start has no predecessors.)
        let documents = EdgeDocuments::Known(space.all());
        let edges = vec![Edge { cost: 0, term: None, documents }];
        return Ok(vec![Incoming::new(predecessors.clone(), None, edges)]);
    };
    if !C::DEPENDS_ON_LEFT {
        let edges = costs.edges(context, space, None, right)?;
        return Ok(vec![Incoming::new(predecessors.clone(), None, edges)]);
    }
    let mut incoming = Vec::with_capacity(predecessors.len());
    for predecessor in predecessors {
        let left = terms[*predecessor as usize];
        let edges = costs.edges(context, space, left, right)?;
        incoming.push(Incoming::new(vec![*predecessor], left, edges));
    }
    Ok(incoming)
}

/// The largest cost of a path, whether or not any document satisfies it.
fn largest_cost(context: &SearchContext<'_>, costs: &impl EdgeCosts, graph: &QueryGraph) -> u32 {
    let mut largest = vec![0; graph.nodes.len()];
    for (at, node) in graph.nodes.iter().enumerate() {
        for predecessor in &node.predecessors {
            let predecessor = *predecessor as usize;
            let edge = node
                .term
                .map_or(0, |right| costs.largest_cost(context, graph.nodes[predecessor].term, right));
            largest[at] = largest[at].max(largest[predecessor] + edge);
        }
    }
    largest[graph.end()]
}
