//! Which names of indexes a pattern covers.

/// How well `pattern` covers `index`: longer is more precise, an exact name most of all. `None` when it
/// does not cover it.
pub(crate) fn precision(pattern: &str, index: &str) -> Option<usize> {
    match pattern.strip_suffix('*') {
        Some(start) => index.starts_with(start).then_some(start.len()),
        None => (pattern == index).then_some(usize::MAX),
    }
}

/// Whether `pattern` covers `index`.
pub(crate) fn covers(pattern: &str, index: &str) -> bool {
    precision(pattern, index).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_name_beats_a_prefix_beats_a_star() {
        assert!(precision("books", "books") > precision("boo*", "books"));
        assert!(precision("boo*", "books") > precision("*", "books"));
        assert_eq!(precision("book", "books"), None);
        assert_eq!(precision("x*", "books"), None);
    }
}
