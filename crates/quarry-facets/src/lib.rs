//! The facet tree: the values of a field in order, and groups of values above them.
//!
//! A table of values answers "which documents hold this value"; ranges and sorts would read
//! every value of a field. So groups lie above the values: a group of level 1 holds the documents of some
//! sixteen neighbouring values, one of level 2 those of some sixteen groups of level 1, and so on.
//!
//! **Where a group begins is decided by the values themselves** ([`level`]), never by what was written
//! before: the same values give the same table whatever the history, and a changed value touches one group
//! of each level.
//!
//! Reading order:
//! - [`key`]: the bytes of a key.
//! - [`level`]: which values begin a group, and of which level.
//! - [`table`]: [`FacetTable`], what readers and writers hold.
//! - [`tree`]: walking down: groups and their children.
//! - [`range`], [`order`]: the two questions.
//! - [`incremental`]: the groups after some values changed.
//!
//! Values are opaque bytes here: prefix-free within a field, in the order of what they stand for
//! (`keys/facet_number.rs` and `keys/facet_string.rs` of quarry-index).

pub mod incremental;
pub mod key;
pub mod level;
pub mod order;
pub mod range;
pub mod table;
pub mod tree;

pub use incremental::FewDocuments;
pub use key::FacetKey;
pub use order::{Direction, OrderedValues};
pub use table::{FacetKind, FacetTable};

/// Number of an attribute path, as in quarry-index.
pub type FieldId = u16;
