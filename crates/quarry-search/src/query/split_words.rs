//! One word of the query that the documents write as two.

use quarry_storage::StorageError;

use crate::context::SearchContext;

/// The cut of `text` in two words that stand side by side in the most documents; the first one on ties.
pub(crate) fn best_split<'t>(
    context: &SearchContext<'_>,
    text: &'t str,
) -> Result<Option<(&'t str, &'t str)>, StorageError> {
    let mut best = None;
    let mut best_count = 0;
    for (at, _) in text.char_indices().skip(1) {
        let (left, right) = text.split_at(at);
        // Most halves are no words, which the dictionary tells sooner than the table of pairs.
        if !context.is_known(left)? || !context.is_known(right)? {
            continue;
        }
        let (left_id, right_id) = (context.word(left), context.word(right));
        let count = context.postings.neighbours_count((left_id, left), (right_id, right))?;
        if count > best_count {
            best_count = count;
            best = Some((left, right));
        }
    }
    Ok(best)
}
