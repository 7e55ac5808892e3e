//! From document changes to integer entries: each thread of the pool takes chunks of changes in order.
//!
//! One document is read once:
//! 1. [`assemble`]: its top-level fields before and after, as slices;
//! 2. [`flat_document`]: its nested fields, the values to search and the facts for facets;
//! 3. [`words`]: the searchable values are tokenised, once, and give every family keyed by words
//!    ([`word_pairs`] its pairs, [`prefixes`] its kept prefixes);
//! 4. [`facets`], [`geo`]: facet keys and values, points and shapes;
//! 5. [`difference`]: only what differs between before and after becomes an entry.
//!
//! A document whose searchable values are the same before and after is not tokenised at all; the same holds
//! for facets. Records go to the writer at once ([`crate::send::documents`]).

pub(crate) mod assemble;
pub(crate) mod difference;
pub(crate) mod extractor;
pub(crate) mod facets;
pub(crate) mod flat_document;
pub(crate) mod geo;
pub(crate) mod plan;
pub(crate) mod prefixes;
pub(crate) mod word_pairs;
pub(crate) mod words;

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::abort::Abort;
use crate::error::IndexError;
use crate::extract::extractor::{Extracted, Extractor};
use crate::extract::plan::Plan;
use crate::progress::Progress;
use crate::send::documents::DocumentQueue;
use crate::slots::Changes;

/// Most documents of a chunk, and about the most bytes of payload.
const CHUNK_DOCUMENTS_MAX: usize = 256;
const CHUNK_BYTES_MAX: usize = 1 << 18;

/// Extracts all `changes` with the threads of the current pool; one result per thread that did something.
///
/// # Errors
/// The first error of any thread; the others stop at their next chunk.
pub(crate) fn extract(
    plan: &Plan<'_>,
    changes: &Changes<'_>,
    documents: &DocumentQueue<'_>,
    abort: &Abort<'_>,
    progress: &Progress,
) -> Result<Vec<Extracted>, IndexError> {
    let chunks = chunks(changes);
    let next_chunk = AtomicUsize::new(0);
    let extracted = Mutex::new(Vec::new());
    let run = || {
        let snapshot = plan.index.snapshot()?;
        let mut extractor: Option<Extractor<'_>> = None;
        loop {
            let number = next_chunk.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(number) else { break };
            abort.check()?;
            let extractor = match &mut extractor {
                Some(extractor) => extractor,
                none => none.insert(Extractor::new(plan)?),
            };
            let mut records = documents.chunk();
            for change in changes.range(chunk.clone()) {
                extractor.extract(&snapshot, &change, &mut records)?;
            }
            documents.send(number, records)?;
            progress.advance(chunk.len() as u64);
        }
        if let Some(extractor) = extractor {
            let mut extracted = extracted.lock().map_err(|_| POISONED)?;
            extracted.push(extractor.finish());
        }
        Ok(())
    };
    abort.run_on_all(chunks.len(), run)?;
    extracted.into_inner().map_err(|_| POISONED)
}

/// A thread panicked while it held a lock: its panic is what is reported.
const POISONED: IndexError = IndexError::Damaged { detail: "a thread of the batch has panicked" };

/// Cuts the changes where documents or bytes are enough for one chunk.
fn chunks(changes: &Changes<'_>) -> Vec<Range<usize>> {
    let mut chunks = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for at in 0..changes.len() {
        if at - start >= CHUNK_DOCUMENTS_MAX || bytes >= CHUNK_BYTES_MAX {
            chunks.push(start..at);
            (start, bytes) = (at, 0);
        }
        bytes += changes.sent_bytes(at);
    }
    chunks.push(start..changes.len());
    chunks
}
