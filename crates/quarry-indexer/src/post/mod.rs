//! What follows from the written tables, in order:
//!
//! 1. [`external_ids`], [`document_sets`]: which documents there are;
//! 2. [`word_dictionary`]: words that came and went;
//! 3. [`prefix_postings`]: the prefixes that are kept, and their unions;
//! 4. [`facet_levels`]: groups above the changed facet values;
//! 5. [`statistics`]: how many documents have each field, and when the index changed.
//!
//! Each step costs what the change costs, not what the index does, unless everything is built anew.

pub(crate) mod document_sets;
pub(crate) mod external_ids;
pub(crate) mod facet_levels;
pub(crate) mod prefix_postings;
pub(crate) mod statistics;
pub(crate) mod word_dictionary;
