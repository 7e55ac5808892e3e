//! Words that begin with the last word of the query.

use quarry_index::dictionary::kept_prefixes::PREFIX_BYTES_MAX;
use quarry_index::keys;
use quarry_storage::{LayeredPostings, StorageError};

use crate::context::SearchContext;
use crate::query::{Class, Reach, WordRef};

/// Words that one prefix stands for, the first in byte order, where no union is kept.
const WORDS_MAX: usize = 1000;

/// Adds the words that begin with `text`, the text of `itself`, to `class`: listed, or as a kept prefix.
pub(crate) fn add_words_with_prefix(
    context: &SearchContext<'_>,
    itself: WordRef,
    text: &str,
    class: &mut Class,
) -> Result<(), StorageError> {
    let (tables, txn) = (context.snapshot.tables(), context.snapshot.txn());
    if text.len() <= PREFIX_BYTES_MAX && tables.prefix_postings.contains_key(txn, &keys::word::key(text))? {
        class.kept_prefix = Some(itself.word);
    } else {
        list_words(context, tables.word_postings, itself, text, class)?;
    }
    if context.postings.has_exact_words && itself.reach == Reach::Everywhere {
        list_words(context, tables.exact_word_postings, itself, text, class)?;
    }
    Ok(())
}

fn list_words(
    context: &SearchContext<'_>,
    table: LayeredPostings,
    itself: WordRef,
    text: &str,
    class: &mut Class,
) -> Result<(), StorageError> {
    // Where words are in one table only, what is read on the way is all there is to read.
    let is_whole = !context.postings.has_exact_words && context.scope.restricted_to.is_none();
    let mut cursor = table.cursor(context.snapshot.txn(), keys::word::scan_words_with_prefix(text))?;
    let mut count = 0;
    while count < WORDS_MAX
        && let Some((key, postings)) = cursor.next()?
    {
        count += 1;
        let Some(word) = keys::word::parse(key) else { continue };
        let word = WordRef { word: context.word(word), reach: itself.reach };
        if is_whole {
            context.postings.remember_documents(word, postings);
        }
        if word.word != itself.word {
            class.words.push(word);
        }
    }
    Ok(())
}
