//! Conditions on vectors.
//!
//! The names are checked against the embedders of the index. No vector is stored in an index yet, so that no document
//! has one.

use quarry_filter::{Token, VectorsPart};
use roaring::RoaringBitmap;
use serde_json::Value;

use super::{Evaluation, FilterEvaluationError, Refusal};

impl Evaluation<'_> {
    /// Whether there is such an embedder, with such a fragment.
    pub(super) fn check_vectors(
        &self,
        embedder: Option<&Token>,
        part: Option<&VectorsPart>,
    ) -> Result<(), FilterEvaluationError> {
        let Some(embedder) = embedder else { return Ok(()) };
        let embedders = &self.snapshot.settings().embedders;
        let Some(settings) = embedders.get(embedder.value()) else {
            let available = sorted(embedders.keys());
            let refusal = Refusal::UnknownEmbedder { embedder: embedder.value().to_owned(), available };
            return Err(self.refuse(refusal, Some(embedder)));
        };
        let Some(VectorsPart::Fragment(fragment)) = part else { return Ok(()) };
        let fragments = settings.get("indexingFragments").and_then(Value::as_object);
        if fragments.is_some_and(|fragments| fragments.contains_key(fragment.value())) {
            return Ok(());
        }
        let refusal = Refusal::UnknownFragment {
            fragment: fragment.value().to_owned(),
            embedder: embedder.value().to_owned(),
            available: sorted(fragments.into_iter().flat_map(|fragments| fragments.keys())),
        };
        Err(self.refuse(refusal, Some(fragment)))
    }

    /// The documents with the vectors asked for.
    pub(super) fn vectors(&self) -> RoaringBitmap {
        RoaringBitmap::new()
    }
}

fn sorted<'n>(names: impl Iterator<Item = &'n String>) -> Vec<String> {
    let mut names: Vec<String> = names.cloned().collect();
    names.sort_unstable();
    names
}
