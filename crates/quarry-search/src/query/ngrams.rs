//! N-grams: two or three neighbouring words of the query taken as one word of the documents.

use std::cell::OnceCell;

use quarry_storage::StorageError;
use quarry_text::WORD_BYTES_MAX;

use crate::context::SearchContext;
use crate::query::{Class, Term, TermKind};

/// Words of the longest n-gram.
const WORDS_MAX: usize = 3;

/// The n-grams of `terms`, the words and phrases of a query in order.
pub(crate) fn ngrams(context: &SearchContext<'_>, terms: &[Term]) -> Result<Vec<Term>, StorageError> {
    let mut ngrams = Vec::new();
    for length in 2..=WORDS_MAX {
        for run in terms.windows(length) {
            ngrams.extend(ngram(context, run)?);
        }
    }
    Ok(ngrams)
}

/// The n-gram of `run`; none if it is not made of words that stand side by side, or is too long.
fn ngram(context: &SearchContext<'_>, run: &[Term]) -> Result<Option<Term>, StorageError> {
    let mut texts = Vec::with_capacity(run.len());
    for term in run {
        match (term.kind, term.word) {
            (TermKind::Word, Some(word)) => texts.push(context.text(word)),
            _ => return Ok(None),
        }
    }
    let are_adjacent =
        run.windows(2).all(|pair| pair[0].positions.end().checked_add(1) == Some(*pair[1].positions.start()));
    let text: String = texts.iter().map(|text| &**text).collect();
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(None) };
    if !are_adjacent || text.len() > WORD_BYTES_MAX {
        return Ok(None);
    }
    let joints = u8::try_from(run.len() - 1).unwrap_or(u8::MAX);
    let mut term = Term {
        kind: TermKind::Ngram,
        word: Some(context.word(&text)),
        is_prefix: last.is_prefix,
        typos_allowed: context.snapshot.settings().typo.typos_max(&text).saturating_sub(joints),
        indexes: *first.indexes.start()..=*last.indexes.end(),
        positions: *first.positions.start()..=*last.positions.end(),
        exact: None,
        without_typos: Class::default(),
        with_typos: OnceCell::new(),
    };
    context.derive_without_typos(&mut term, &text)?;
    context.add_synonyms(&mut term, &[&text]);
    let words: Vec<&str> = texts.iter().map(|text| &**text).collect();
    context.add_synonyms(&mut term, &words);
    Ok(Some(term))
}
