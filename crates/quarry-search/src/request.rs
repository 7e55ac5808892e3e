//! What a search asks for.

use quarry_filter::Filter;
use quarry_text::Language;

use crate::sort::SortCriterion;

/// The most bytes that tags and crop markers add to the answer to one request: seven million matches between the
/// default tags.
pub const TAG_BYTES_MAX: usize = 64 << 20;

/// One search of one index. [`SearchRequest::default`] is the placeholder search of the API.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// The words to search; none, or only white space: all documents match.
    pub query: Option<String>,
    /// Which of the ranked documents come back.
    pub pagination: Pagination,
    /// Only documents on which it holds.
    pub filter: Option<Filter>,
    /// In the place of the `sort` ranking rule, in this order.
    pub sort: Vec<SortCriterion>,
    /// Keep one document per value of this attribute; overrides the setting.
    pub distinct: Option<String>,
    /// Patterns of the attributes whose values are counted; none or empty: no counting.
    pub facets: Option<Vec<String>>,
    /// Attributes that hits show; none: all displayed ones.
    pub attributes_to_retrieve: Option<Vec<String>>,
    /// Attributes to crop, `name` or `name:words`.
    pub attributes_to_crop: Vec<String>,
    /// Words around the best matches; 0: no crop.
    pub crop_length: usize,
    /// Stands where text was cut.
    pub crop_marker: String,
    /// Attributes whose matches are put between the tags.
    pub attributes_to_highlight: Vec<String>,
    /// Put before a match.
    pub highlight_pre_tag: String,
    /// Put after a match.
    pub highlight_post_tag: String,
    /// Bytes that tags and crop markers may add to all hits together; then texts are shown without.
    pub tag_bytes_max: usize,
    /// Whether hits say where their matches are.
    pub show_matches_position: bool,
    /// Which query words may be missing from a document.
    pub matching_strategy: MatchingStrategy,
    /// Patterns of the attributes that are searched; none: all searchable ones.
    pub attributes_to_search_on: Option<Vec<String>>,
    /// Documents that score below are left out, 0 to 1.
    pub ranking_score_threshold: Option<f64>,
    /// Languages the query may be in; empty: those of the searched attributes.
    pub locales: Vec<Language>,
    /// Whether hits carry their score.
    pub show_ranking_score: bool,
    /// Whether hits carry the score of each ranking rule.
    pub show_ranking_score_details: bool,
}

impl Default for SearchRequest {
    fn default() -> SearchRequest {
        SearchRequest {
            query: None,
            pagination: Pagination::default(),
            filter: None,
            sort: Vec::new(),
            distinct: None,
            facets: None,
            attributes_to_retrieve: None,
            attributes_to_crop: Vec::new(),
            crop_length: 10,
            crop_marker: "…".to_owned(),
            attributes_to_highlight: Vec::new(),
            highlight_pre_tag: "<em>".to_owned(),
            highlight_post_tag: "</em>".to_owned(),
            tag_bytes_max: TAG_BYTES_MAX,
            show_matches_position: false,
            matching_strategy: MatchingStrategy::default(),
            attributes_to_search_on: None,
            ranking_score_threshold: None,
            locales: Vec::new(),
            show_ranking_score: false,
            show_ranking_score_details: false,
        }
    }
}

/// Which of the ranked documents come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pagination {
    /// A window; totals are estimated.
    Offset {
        /// Documents to skip.
        offset: usize,
        /// Documents to return at most.
        limit: usize,
    },
    /// A page; totals are exact.
    Page {
        /// Counts from 1; page 0 is empty.
        page: usize,
        /// Documents per page.
        hits_per_page: usize,
    },
}

impl Default for Pagination {
    fn default() -> Pagination {
        Pagination::Offset { offset: 0, limit: 20 }
    }
}

impl Pagination {
    /// The ranked documents asked for, of which only the first `total_hits_max` can be reached.
    pub fn window(self, total_hits_max: usize) -> Window {
        let (offset, length) = match self {
            Pagination::Offset { offset, limit } => (offset, limit),
            Pagination::Page { page: 0, .. } => (0, 0),
            Pagination::Page { page, hits_per_page } => {
                ((page - 1).saturating_mul(hits_per_page), hits_per_page)
            }
        };
        let offset = offset.min(total_hits_max);
        Window { offset, length: length.min(total_hits_max - offset) }
    }

    /// Whether totals must be exact.
    pub fn is_exhaustive(self) -> bool {
        matches!(self, Pagination::Page { .. })
    }
}

/// A run of ranked documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Documents to skip.
    pub offset: usize,
    /// Documents to keep at most.
    pub length: usize,
}

/// Which query words may be missing from a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchingStrategy {
    /// Words are given up from the end of the query.
    #[default]
    Last,
    /// None.
    All,
    /// Words are given up from the most frequent on.
    Frequency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_stay_below_the_total() {
        let check = |pagination: Pagination, offset, length| {
            assert_eq!(pagination.window(1000), Window { offset, length }, "{pagination:?}");
        };
        check(Pagination::default(), 0, 20);
        check(Pagination::Offset { offset: 800, limit: 400 }, 800, 200);
        check(Pagination::Offset { offset: 2000, limit: 5 }, 1000, 0);
        check(Pagination::Page { page: 0, hits_per_page: 7 }, 0, 0);
        check(Pagination::Page { page: 3, hits_per_page: 7 }, 14, 7);
        check(Pagination::Page { page: usize::MAX, hits_per_page: usize::MAX }, 1000, 0);
    }
}
