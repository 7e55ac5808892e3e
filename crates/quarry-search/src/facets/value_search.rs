//! Facet search: the values of a field that begin like a text, typos included.
//!
//! Values and text are compared in the form in which words are: without accents, in lower case. Values are
//! read in the order in which they are stored, by their facet form, which keeps accents but decomposed: so a
//! value whose form begins with plain characters begins with them itself, up to its first accent.

use std::borrow::Cow;
use std::ops::Bound;

use quarry_error::{Code, HasCode};
use quarry_facets::FacetKey;
use quarry_filter::Wording;
use quarry_index::keys::facet_string;
use quarry_index::settings::FacetOrder;
use quarry_index::{FieldId, Settings, Snapshot};
use quarry_storage::{Postings, PostingsCursor, StorageError};
use quarry_text::{Language, Scratch, Tokenizer};
use thiserror::Error;

use super::counted::{Counted, Shown, ShownOrder};
use super::spelling::spellings;
use super::value_walk::Candidates;
use crate::deadline::Deadline;
use crate::error::SearchError;
use crate::query::edit_distance::EditDistance;
use crate::rank::rank;
use crate::request::{Pagination, SearchRequest};
use crate::sort::VisibleNames;

/// Hits of the page that an exact search of candidates ranks.
const HITS_PER_PAGE: usize = 20;

/// What a facet search asks for.
#[derive(Debug, Clone, Default)]
pub struct FacetSearchRequest {
    /// The field.
    pub facet_name: String,
    /// How values begin; none: all values.
    pub facet_query: Option<String>,
    /// The search whose candidates are counted. Its window and what its hits show do not matter.
    pub search: SearchRequest,
    /// Whether candidates are as exact as for a page.
    pub exhaustive_count: bool,
}

/// A value that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetHit {
    /// As the first candidate spells it.
    pub value: String,
    /// Candidates that hold it.
    pub count: u64,
}

/// Why a facet search is refused or fails. The messages do not name the index.
#[derive(Debug, Error)]
pub enum FacetSearchError {
    /// The settings turn it off.
    #[error("The facet search is disabled for this index")]
    Disabled,
    /// No rule for the field.
    #[error(
        "Attribute `{field}` is not facet-searchable. {} To make it facet-searchable add it to the `filterableAttributes` index settings.",
        searchable_list(.available)
    )]
    NotSearchable {
        /// The field of the request.
        field: String,
        /// The patterns of the rules that allow it.
        available: VisibleNames,
    },
    /// The first rule for the field does not allow it.
    #[error(
        "Attribute `{field}` is not facet-searchable. Note: this attribute matches rule #{rule} in filterableAttributes, but this rule does not enable facetSearch.\nHint: enable facetSearch in rule #{rule} by adding `\"facetSearch\": true` to the rule.\nHint: prepend another rule matching {field} with facetSearch: true before rule #{rule}"
    )]
    RuleWithoutFacetSearch {
        /// The field of the request.
        field: String,
        /// Number of the rule, from 0.
        rule: usize,
    },
    /// The search fails.
    #[error(transparent)]
    Search(#[from] SearchError),
}

impl From<StorageError> for FacetSearchError {
    fn from(error: StorageError) -> FacetSearchError {
        FacetSearchError::Search(error.into())
    }
}

impl HasCode for FacetSearchError {
    fn code(&self) -> Code {
        match self {
            FacetSearchError::Disabled => Code::FacetSearchDisabled,
            FacetSearchError::NotSearchable { .. } | FacetSearchError::RuleWithoutFacetSearch { .. } => {
                Code::InvalidFacetSearchFacetName
            }
            FacetSearchError::Search(error) => error.code(),
        }
    }
}

fn searchable_list(available: &VisibleNames) -> String {
    if available.names.is_empty() {
        return "This index does not have configured facet-searchable attributes.".to_owned();
    }
    format!("Available facet-searchable attributes patterns are: `{available}`.")
}

/// Searches in the values of one field.
///
/// # Errors
/// If the settings do not allow it, or the search that it is made in fails.
pub fn facet_search(
    snapshot: &Snapshot<'_>,
    request: &FacetSearchRequest,
) -> Result<Vec<FacetHit>, FacetSearchError> {
    let settings = snapshot.settings();
    check(settings, &request.facet_name)?;
    let search = SearchRequest { pagination: pagination(settings, request), ..request.search.clone() };
    let documents = rank(snapshot, &search, Wording::AsSent, Deadline::of_search(settings))?.candidates;
    let Some(field) = snapshot.fields().id(&request.facet_name) else { return Ok(Vec::new()) };
    let candidates = Candidates::new(&documents, snapshot.documents_count()?);
    let shown = Shown::new(shown_order(settings, &request.facet_name), settings.faceting.max_values);
    let found = match &request.facet_query {
        None => all_values(snapshot, field, candidates, shown)?,
        Some(text) => {
            let text = ComparedText::new(snapshot, field, text, &search.locales);
            matching_values(snapshot, field, candidates, &text, shown)?
        }
    };
    let spelled = spellings(snapshot, field, candidates, &found)?;
    let hits = spelled.into_iter().zip(&found);
    Ok(hits.map(|(value, counted)| FacetHit { value, count: counted.count }).collect())
}

/// The window of the search: the first hits, if distinct or a threshold takes candidates out while ranking;
/// none otherwise.
fn pagination(settings: &Settings, request: &FacetSearchRequest) -> Pagination {
    let search = &request.search;
    let is_ranked =
        settings.distinct.is_some() || search.distinct.is_some() || search.ranking_score_threshold.is_some();
    match (is_ranked, request.exhaustive_count) {
        (false, _) => Pagination::Offset { offset: 0, limit: 0 },
        (true, false) => Pagination::default(),
        (true, true) => Pagination::Page { page: 1, hits_per_page: HITS_PER_PAGE },
    }
}

fn check(settings: &Settings, field: &str) -> Result<(), FacetSearchError> {
    if !settings.facet_search {
        return Err(FacetSearchError::Disabled);
    }
    match settings.filterable_rule(field) {
        Some((_, features)) if features.facet_search => Ok(()),
        Some((rule, _)) => Err(FacetSearchError::RuleWithoutFacetSearch { field: field.to_owned(), rule }),
        None => {
            let rules = settings.filterable.iter().filter(|rule| rule.features().facet_search);
            let patterns = rules.flat_map(|rule| rule.patterns()).map(String::as_str);
            let available = VisibleNames::of(settings, patterns);
            Err(FacetSearchError::NotSearchable { field: field.to_owned(), available })
        }
    }
}

fn shown_order(settings: &Settings, field: &str) -> ShownOrder {
    match settings.faceting.order_of(field) {
        FacetOrder::Alpha => ShownOrder::Ascending,
        FacetOrder::Count => ShownOrder::Count,
    }
}

/// The values that candidates hold, in the order of their facet forms.
fn all_values(
    snapshot: &Snapshot<'_>,
    field: FieldId,
    candidates: Candidates<'_>,
    mut shown: Shown,
) -> Result<Vec<Counted>, StorageError> {
    let table = snapshot.tables().facet_strings.postings();
    let mut cursor = table.cursor(snapshot.txn(), &FacetKey::scan_level(field, 0))?;
    while !shown.is_complete()
        && let Some((key, postings)) = cursor.next()?
    {
        push_counted(&mut shown, FacetKey::value_of(key)?, candidates.count(&postings)?);
    }
    Ok(shown.finish())
}

/// The values that match and that candidates hold, in the order of the forms that are compared.
fn matching_values(
    snapshot: &Snapshot<'_>,
    field: FieldId,
    candidates: Candidates<'_>,
    text: &ComparedText<'_>,
    mut shown: Shown,
) -> Result<Vec<Counted>, StorageError> {
    let mut matching = Vec::new();
    for range in text.value_ranges() {
        let start = FacetKey { field, level: 0, value: &range.start }.to_bytes();
        let end = match &range.end {
            Some(end) => FacetKey { field, level: 0, value: end }.to_bytes(),
            None => FacetKey::scan_level(field, 1).to_vec(),
        };
        let table = snapshot.tables().facet_strings.postings();
        let range = (Bound::Included(&start[..]), Bound::Excluded(&end[..]));
        let cursor = table.range_cursor(snapshot.txn(), range.0, range.1)?;
        text.find_matching(cursor, &mut matching)?;
    }
    matching.sort_unstable_by(|a, b| (&a.form, &a.value).cmp(&(&b.form, &b.value)));
    for Matching { value, postings, .. } in matching {
        if shown.is_complete() {
            break;
        }
        push_counted(&mut shown, &value, candidates.count(&postings)?);
    }
    Ok(shown.finish())
}

fn push_counted(shown: &mut Shown, value: &[u8], count: u64) {
    if count > 0 {
        shown.push(value, count, None);
    }
}

/// A value that matches.
struct Matching<'t> {
    /// The form that was compared.
    form: String,
    value: Vec<u8>,
    postings: Postings<'t>,
}

/// A span of values: from `start`, included, to `end`, excluded; none: to the last value of the field.
#[derive(Debug, PartialEq, Eq)]
struct ValueRange {
    start: Vec<u8>,
    end: Option<Vec<u8>>,
}

/// How values are told from each other.
enum Comparison {
    /// They begin with the text.
    Begins,
    /// They are the text.
    Equals,
    /// They begin with the text, but for some typos.
    BeginsNearly(EditDistance),
}

/// The text that values are compared with.
struct ComparedText<'s> {
    tokenizer: &'s Tokenizer,
    /// Languages of the values.
    locales: &'s [Language],
    form: String,
    comparison: Comparison,
}

impl<'s> ComparedText<'s> {
    fn new(
        snapshot: &'s Snapshot<'_>,
        field: FieldId,
        text: &str,
        request_locales: &[Language],
    ) -> ComparedText<'s> {
        let (tokenizer, features) = (snapshot.tokenizer(), snapshot.features(field));
        let locales = if request_locales.is_empty() { &features.locales } else { request_locales };
        let form = compared_form(tokenizer, text, locales, &mut Scratch::default()).into_owned();
        let typo = &snapshot.settings().typo;
        // Bytes are counted here, where query words count characters.
        let typos =
            u8::from(form.len() >= typo.one_typo.into()) + u8::from(form.len() >= typo.two_typos.into());
        let comparison = if !typo.enabled || features.exact {
            Comparison::Begins
        } else if typo.disable_on_words.contains(&form) {
            Comparison::Equals
        } else if typos == 0 {
            Comparison::Begins
        } else {
            Comparison::BeginsNearly(EditDistance::of_any_beginning(&form, typos))
        };
        ComparedText { tokenizer, locales: &features.locales, form, comparison }
    }

    fn fits(&self, form: &str) -> bool {
        match &self.comparison {
            Comparison::Begins => form.starts_with(&self.form),
            Comparison::Equals => form == self.form,
            Comparison::BeginsNearly(near) => accepts_beginning(near, form),
        }
    }

    /// Where values that fit may be.
    fn value_ranges(&self) -> Vec<ValueRange> {
        match &self.comparison {
            Comparison::Begins | Comparison::Equals => ranges_of_forms_with_prefix(&self.form),
            Comparison::BeginsNearly(_) => vec![ValueRange { start: Vec::new(), end: None }],
        }
    }

    fn find_matching<'t>(
        &self,
        mut cursor: PostingsCursor<'t>,
        matching: &mut Vec<Matching<'t>>,
    ) -> Result<(), StorageError> {
        let mut scratch = Scratch::default();
        while let Some((key, postings)) = cursor.next()? {
            let value = FacetKey::value_of(key)?;
            let Some(string) = facet_string::string(value) else { continue };
            let form = compared_form(self.tokenizer, &string, self.locales, &mut scratch);
            if self.fits(&form) {
                matching.push(Matching { form: form.into_owned(), value: value.to_vec(), postings });
            }
        }
        Ok(())
    }
}

fn accepts_beginning(near: &EditDistance, form: &str) -> bool {
    let mut state = near.start();
    for character in form.chars() {
        state = near.step(&state, character);
        if near.is_match(&state) || !near.can_match(&state) {
            break;
        }
    }
    near.is_match(&state)
}

/// Whether a byte of a value is the same byte in the form that is compared.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !byte.is_ascii_uppercase()
}

/// The form of a value or a text that is compared.
fn compared_form<'t>(
    tokenizer: &Tokenizer,
    text: &'t str,
    locales: &[Language],
    scratch: &mut Scratch,
) -> Cow<'t, str> {
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut form = String::with_capacity(text.len());
    tokenizer.for_each_token(text, locales, scratch, |token| form.push_str(token.lemma));
    Cow::Owned(form)
}

/// The ranges, ascending, that hold every value whose form begins with `prefix`: such a value begins with it
/// too, or with fewer of its plain bytes and then one that is not plain.
fn ranges_of_forms_with_prefix(prefix: &str) -> Vec<ValueRange> {
    let plain_bytes = prefix.bytes().take_while(|&byte| is_plain(byte)).count();
    let with = |length: usize, next: u8| [&prefix.as_bytes()[..length], &[next]].concat();
    // Bytes below the plain ones sort first, the shortest beginnings before the longer ones; above, the reverse.
    let mut ranges: Vec<ValueRange> = Vec::new();
    for length in 0..plain_bytes {
        ranges.push(ValueRange { start: with(length, 0), end: Some(with(length, b' ')) });
    }
    let mut whole = prefix.as_bytes()[..plain_bytes].to_vec();
    let end = whole.split_last().map(|(&last, before)| [before, &[last + 1]].concat());
    ranges.push(ValueRange { start: std::mem::take(&mut whole), end });
    for length in (0..plain_bytes).rev() {
        // No byte of UTF-8 text is 0xff.
        ranges.push(ValueRange { start: with(length, b'~' + 1), end: Some(with(length, 0xff)) });
    }
    ranges
}

#[cfg(test)]
mod tests {
    use quarry_text::TokenizerOptions;

    use super::*;

    fn form(text: &str) -> String {
        let tokenizer = Tokenizer::new(&TokenizerOptions::default());
        compared_form(&tokenizer, text, &[], &mut Scratch::default()).into_owned()
    }

    #[test]
    fn forms_have_no_accents() {
        for (text, expected) in [
            ("Ōta Keiko", "ota keiko"),
            ("jean-luc", "jean-luc"),
            ("MARTHE O", "marthe o"),
            ("e\u{301}clair", "eclair"),
            (" ", " "),
            ("", ""),
        ] {
            assert_eq!(form(text), expected);
        }
    }

    #[test]
    fn typos_are_allowed_anywhere() {
        let check = |query: &str, typos: u8, form: &str, expected: bool| {
            let near = EditDistance::of_any_beginning(query, typos);
            assert_eq!(accepts_beginning(&near, form), expected, "{query} {form}");
        };
        check("magnoila", 1, "magnolia", true);
        check("mangoo", 1, "mangrove", true);
        check("nagnolia", 1, "magnolia grandiflora", true);
        check("vioxex", 1, "violet", false);
        check("mandraine", 2, "mandarin", true);
        check("tulip", 1, "tul", false);
    }

    #[test]
    fn ranges_hold_every_value_with_the_form() {
        let prefix = "ecl";
        let ranges = ranges_of_forms_with_prefix(prefix);
        assert!(ranges.is_sorted_by(|a, b| a.end.as_ref().is_some_and(|end| *end <= b.start)));
        let is_inside = |value: &str| {
            let value = facet_string::value(value);
            ranges
                .iter()
                .any(|range| range.start <= value && range.end.as_ref().is_none_or(|end| value < *end))
        };
        for value in ["ecl", "eclair", "e\u{301}clair", "ec\u{327}lair", "\u{1}ecl", "ec\tl", "œcl"] {
            assert!(is_inside(value), "{value}");
        }
        for value in ["ecu", "fclair", "decl"] {
            assert!(!is_inside(value), "{value}");
        }
        assert_eq!(ranges_of_forms_with_prefix(""), [ValueRange { start: vec![], end: None }]);
    }
}
