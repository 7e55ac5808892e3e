//! First half of `exactness`: attributes that are the query, then attributes that start with it, then the rest.

use std::collections::BTreeMap;
use std::rc::Rc;

use quarry_index::keys::field_word_count::WORDS_MAX;
use quarry_storage::StorageError;
use quarry_text::bucket_position;
use roaring::RoaringBitmap;

use crate::context::SearchContext;
use crate::graph::QueryGraph;
use crate::query::{TermId, TermKind, WordId};
use crate::ranking::graph_rule::Start;
use crate::ranking::{Bucket, Buckets};
use crate::score::{MatchType, ScoreDetail};

/// Sets the rule to work.
pub(crate) fn start<'c, 'i>(start: &Start<'_, 'c, 'i>) -> Result<Box<dyn Buckets<'i> + 'c>, StorageError> {
    let (exact, starts) = match ExactQuery::new(start.context, start.graph) {
        Some(query) => query.matches(start.context, start.universe)?,
        None => Default::default(),
    };
    // The worst comes first in the list: buckets are taken from its end.
    let left = vec![
        (MatchType::None, start.universe.clone()),
        (MatchType::Start, starts),
        (MatchType::Exact, exact),
    ];
    Ok(Box::new(MatchTypes { graph: Rc::clone(start.graph), left }))
}

/// What an attribute must hold to be the query.
struct ExactQuery {
    /// Words with their positions in the query.
    words: Vec<(WordId, u16)>,
    /// Positions of the query that the terms cover, holes included.
    positions_count: u32,
}

impl ExactQuery {
    /// The terms of `graph` that can match as they are; none if the first term of the query cannot, or if some
    /// can only behind one that cannot.
    fn new(context: &SearchContext<'_>, graph: &QueryGraph) -> Option<ExactQuery> {
        let by_index: BTreeMap<u8, TermId> = graph
            .terms()
            .filter(|node| context.has_exact_form(*node))
            .map(|node| (*context.term(node.term).indexes.start(), node.term))
            .collect();
        let is_whole = by_index.keys().enumerate().all(|(place, index)| place == usize::from(*index));
        if by_index.is_empty() || !is_whole {
            return None;
        }
        let mut query = ExactQuery { words: Vec::new(), positions_count: 0 };
        for term in by_index.into_values() {
            let term = context.term(term);
            let (first, last) = (*term.positions.start(), *term.positions.end());
            query.positions_count += u32::from(last.saturating_sub(first)) + 1;
            match (term.kind, term.exact) {
                (TermKind::Phrase(phrase), _) => {
                    let words = context.phrase_words(phrase);
                    let placed = words.iter().zip(first..);
                    query.words.extend(placed.filter_map(|(word, at)| Some(((*word)?, at))));
                }
                (_, Some(word)) => query.words.push((word.word, first)),
                (_, None) => {}
            }
        }
        Some(query)
    }

    /// Documents with an attribute that is the query, and those with one that starts with it.
    fn matches(
        &self,
        context: &SearchContext<'_>,
        universe: &RoaringBitmap,
    ) -> Result<(RoaringBitmap, RoaringBitmap), StorageError> {
        let (mut exact, mut starts) = (RoaringBitmap::new(), RoaringBitmap::new());
        let in_place = self.documents_with_words_in_place(context, universe)?;
        if in_place.is_empty() {
            return Ok((exact, starts));
        }
        for &(field, _) in &context.scope.weights {
            let in_field = self.documents_with_words_in(context, field, &in_place)?;
            if in_field.is_empty() {
                continue;
            }
            let of_this_length = match u8::try_from(self.positions_count) {
                Ok(count @ 0..=WORDS_MAX) => context.postings.word_count(field, count)? & &in_field,
                _ => RoaringBitmap::new(),
            };
            starts |= in_field - &of_this_length;
            exact |= of_this_length;
        }
        Ok((exact, starts))
    }

    /// Documents of `universe` that hold each word at its position, in whatever attribute.
    fn documents_with_words_in_place(
        &self,
        context: &SearchContext<'_>,
        universe: &RoaringBitmap,
    ) -> Result<RoaringBitmap, StorageError> {
        let mut documents = universe.clone();
        for (word, position) in &self.words {
            if documents.is_empty() {
                break;
            }
            let wanted = bucket_position(*position);
            let positions = context.postings.positions(*word, &context.text(*word))?;
            match positions.iter().find(|(bucket, _)| *bucket == wanted) {
                Some((_, there)) => documents &= &**there.documents()?,
                None => documents.clear(),
            }
        }
        Ok(documents)
    }

    /// Documents of `candidates` that hold all words in `field`.
    fn documents_with_words_in(
        &self,
        context: &SearchContext<'_>,
        field: u16,
        candidates: &RoaringBitmap,
    ) -> Result<RoaringBitmap, StorageError> {
        let mut documents = candidates.clone();
        for (word, _) in &self.words {
            let fields = context.postings.fields(*word, &context.text(*word))?;
            match fields.iter().find(|(one, _)| *one == field) {
                Some((_, there)) => documents &= &**there.documents()?,
                None => documents.clear(),
            }
            if documents.is_empty() {
                break;
            }
        }
        Ok(documents)
    }
}

/// The rule at work: what is left of the three buckets, the best one last.
struct MatchTypes {
    graph: Rc<QueryGraph>,
    left: Vec<(MatchType, RoaringBitmap)>,
}

impl Buckets<'_> for MatchTypes {
    fn next(
        &mut self,
        _: &SearchContext<'_>,
        remaining: &RoaringBitmap,
    ) -> Result<Option<Bucket>, StorageError> {
        while let Some((match_type, documents)) = self.left.pop() {
            let documents = documents & remaining;
            if !documents.is_empty() {
                let detail = ScoreDetail::ExactAttribute(match_type);
                return Ok(Some(Bucket { documents, graph: Rc::clone(&self.graph), detail }));
            }
        }
        Ok(None)
    }
}
